/** The chosen job: what is known about it and what can be done with it. */
import { X } from 'lucide-react';
import { useState } from 'react';
import { mayBeSaved, mayVacate } from '../../state/control';
import { stepsOf, workSpan } from '../../state/work';
import type { JobRow } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { HoldButton } from '../parts/HoldButton';
import { Sheet } from '../parts/Sheet';
import { StatusBadge } from '../parts/tones';
import { JobCompany } from './Colleagues';
import css from './JobPanel.module.css';
import type { ControlRoom } from './useControlRoom';

interface JobPanelProps {
  readonly job: JobRow;
  readonly room: ControlRoom;
}

/** On a narrow screen. */
export function JobSheet({ job, room }: JobPanelProps) {
  const { t } = useTexts();
  return (
    <Sheet
      title={`${t.common.job(job.number)} · ${room.serviceName(job.service)}`}
      onClose={() => room.choose(null)}
    >
      <JobDetails job={job} room={room} />
    </Sheet>
  );
}

/** Beside the timeline. */
export function JobPanel({ job, room }: JobPanelProps) {
  const { t } = useTexts();
  const close = () => room.choose(null);
  const title = `${t.common.job(job.number)} · ${room.serviceName(job.service)}`;
  return (
    <aside className={css.panel} aria-label={title}>
      <header className={css.header}>
        <h2>{title}</h2>
        <button type="button" className={css.close} onClick={close} aria-label={t.common.close}>
          <X size={18} aria-hidden />
        </button>
      </header>
      <JobDetails job={job} room={room} />
    </aside>
  );
}

function JobDetails({ job, room }: { job: JobRow; room: ControlRoom }) {
  const { t, format } = useTexts();
  const { from, to } = workSpan(job);
  const nameOf = (id: string) => room.board.days.find(({ cleaner }) => cleaner.id === id)?.cleaner.name ?? id;
  const { next } = stepsOf(job.status);
  const { dispatch, actOnBehalf } = room.rights;
  const manned = job.seats.some((cleaner) => cleaner !== null);
  return (
    <div className={css.details}>
      <JobCompany job={job.id} mayEdit={dispatch} />
      <StatusBadge status={job.status} />
      {job.at_risk && <p className={css.risk}>{t.control.atRisk}</p>}
      <dl className={css.facts}>
        <dt>{t.control.time}</dt>
        <dd>{format.range(from, to, room.zone.time_zone)}</dd>
        <dt>{t.control.cleaner}</dt>
        <dd>
          {job.seats.map((cleaner, seat) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a seat is its place in the list
            <span key={seat} className={css.seat}>
              <span>{cleaner === null ? t.control.nobody : nameOf(cleaner)}</span>
              {cleaner !== null && mayVacate(job) && room.rights.dispatch && (
                <Button
                  weight="quiet"
                  size="small"
                  data-action="unassign"
                  onClick={() => void room.unassign(job, seat)}
                >
                  {t.control.unassign}
                </Button>
              )}
            </span>
          ))}
        </dd>
        <dt>{t.control.customer}</dt>
        <dd>
          {job.customer_name ?? t.control.noCustomer}
          {job.customer_phone !== null && (
            <a className={css.phone} href={`tel:${job.customer_phone.replace(/[^+\d]/g, '')}`}>
              {job.customer_phone}
            </a>
          )}
        </dd>
        <dt>{t.control.place}</dt>
        <dd>{job.address}</dd>
        {job.access_notes !== '' && (
          <>
            <dt>{t.control.access}</dt>
            <dd>{job.access_notes}</dd>
          </>
        )}
      </dl>
      <History job={job} timeZone={room.zone.time_zone} />
      <div className={css.actions}>
        {dispatch && (mayBeSaved(job) || (job.seats.includes(null) && next !== null)) && (
          <Button weight="primary" onClick={() => room.place(job.id)} data-action="assign">
            {t.control.assign}
          </Button>
        )}
        {actOnBehalf && manned && next !== null && (job.status !== 'cleaner_no_show' || mayBeSaved(job)) && (
          <OnBehalf job={job} room={room} />
        )}
        {dispatch && (job.status === 'unassigned' || mayVacate(job)) && (
          <CancelBooking job={job} room={room} />
        )}
      </div>
    </div>
  );
}

/** When each state was entered. */
function History({ job, timeZone }: { job: JobRow; timeZone: string }) {
  const { t, format } = useTexts();
  const entries = Object.entries(job.times).sort(([, a], [, b]) => a.localeCompare(b));
  return (
    <ol className={css.history}>
      {entries.map(([status, at]) => (
        <li key={status}>
          <time dateTime={at}>{format.time(at, timeZone)}</time>
          {t.jobStatus[status as JobRow['status']]}
        </li>
      ))}
    </ol>
  );
}

function OnBehalf({ job, room }: { job: JobRow; room: ControlRoom }) {
  const { t } = useTexts();
  const [busy, setBusy] = useState(false);
  const { next } = stepsOf(job.status);
  if (next === null) return null;
  const run = () => {
    setBusy(true);
    void room.step(job, next).finally(() => setBusy(false));
  };
  return (
    <div className={css.behalf}>
      <p>{t.control.onBehalf}</p>
      {next === 'job.complete' ? (
        <HoldButton hint={t.work.holdHint} weight="danger" busy={busy} onConfirm={run}>
          {t.work.actions[next]}
        </HoldButton>
      ) : (
        <Button busy={busy} onClick={run}>
          {t.work.actions[next]}
        </Button>
      )}
    </div>
  );
}

function CancelBooking({ job, room }: { job: JobRow; room: ControlRoom }) {
  const { t } = useTexts();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const cancel = async () => {
    setBusy(true);
    await room.cancelBooking(job);
    setBusy(false);
    setAsking(false);
  };
  return (
    <>
      <Button weight="danger" onClick={() => setAsking(true)}>
        {t.control.cancelBooking}
      </Button>
      {asking && (
        <Sheet title={t.control.cancelTitle} onClose={() => setAsking(false)}>
          <p>{t.control.cancelLead}</p>
          <Button weight="danger" size="large" busy={busy} onClick={() => void cancel()}>
            {t.control.cancelBooking}
          </Button>
        </Sheet>
      )}
    </>
  );
}
