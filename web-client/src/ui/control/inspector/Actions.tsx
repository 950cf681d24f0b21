/** What can be done with a job from its inspector: giving it to somebody, its next step in the place of
 * the cleaner, and what ends it. What cannot be taken back asks first, with room for a reason. */
import { type ReactNode, useState } from 'react';
import { mayBeSaved, mayVacate, needsCleaner } from '../../../state/control';
import { useNow } from '../../../state/now';
import { stepsOf, type WorkCommand } from '../../../state/work';
import type { JobRow } from '../../../wire';
import { useTexts } from '../../i18n';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { HoldButton } from '../../parts/HoldButton';
import { Sheet } from '../../parts/Sheet';
import { useWriting } from '../useColleagues';
import { useSurround } from '../useSurround';
import css from './Actions.module.css';
import type { InspectorProps } from './Inspector';
import { type Deed, useDeed } from './useDeed';

export function Actions({ job, room }: InspectorProps) {
  const { t } = useTexts();
  const deed = useDeed(job);
  const { setTab } = useSurround();
  const { next } = stepsOf(job.status);
  const { dispatch, actOnBehalf } = room.rights;
  const manned = job.seats.some((cleaner) => cleaner !== null);
  return (
    <div className={css.actions}>
      {dispatch && (mayBeSaved(job) || needsCleaner(job)) && (
        <Button weight="primary" onClick={() => setTab('cleaners')} data-action="candidates">
          {t.room.candidates.title}
        </Button>
      )}
      {dispatch && job.status === 'completed' && (
        <Button
          weight="primary"
          busy={deed.busy === 'job.verify'}
          data-action="verify"
          onClick={() => void deed.run('job.verify', { job: job.id, expected_version: job.version })}
        >
          {t.room.actions.verify}
        </Button>
      )}
      {actOnBehalf && manned && next !== null && (job.status !== 'cleaner_no_show' || mayBeSaved(job)) && (
        <OnBehalf job={job} room={room} deed={deed} />
      )}
      {dispatch && <Endings job={job} room={room} deed={deed} />}
    </div>
  );
}

interface PartProps extends InspectorProps {
  readonly deed: Deed;
}

function OnBehalf({ job, room, deed }: PartProps) {
  const { t } = useTexts();
  const [busy, setBusy] = useState<WorkCommand | null>(null);
  const { next, others } = stepsOf(job.status);
  if (next === null) return null;
  const run = (step: WorkCommand) => {
    setBusy(step);
    void room.step(job, step).finally(() => setBusy(null));
  };
  const step = (step: WorkCommand) =>
    step === 'job.complete' ? (
      <HoldButton
        key={step}
        hint={t.work.holdHint}
        weight="danger"
        busy={busy === step}
        onConfirm={() => run(step)}
      >
        {t.work.actions[step]}
      </HoldButton>
    ) : (
      <Button key={step} busy={busy === step} onClick={() => run(step)}>
        {t.work.actions[step]}
      </Button>
    );
  const plain = others.filter((other) => other !== 'job.withdraw' && other !== 'job.no_access');
  return (
    <div className={css.behalf}>
      <p>{t.control.onBehalf}</p>
      {step(next)}
      {plain.map(step)}
      {others.includes('job.no_access') && (
        <Asking
          action={t.work.actions['job.no_access']}
          lead={t.room.actions.noAccessLead}
          note={t.room.actions.note}
          job={job}
          onConfirm={(note) => deed.run('job.no_access', { job: job.id, ...(note === '' ? {} : { note }) })}
        />
      )}
      {others.includes('job.withdraw') && <Withdraw job={job} room={room} deed={deed} />}
    </div>
  );
}

/** The last who sits on it gives it back; the others can be taken off one by one. */
function Withdraw({ job, room, deed }: PartProps) {
  const { t } = useTexts();
  const cleaner = job.seats.findLast((seat) => seat !== null) ?? null;
  const name = room.board.days.find((day) => day.cleaner.id === cleaner)?.cleaner.name;
  if (cleaner === null || name === undefined) return null;
  return (
    <Asking
      action={t.room.actions.withdraw}
      lead={t.room.actions.withdrawLead(name)}
      note={t.room.actions.reason}
      job={job}
      onConfirm={(reason) =>
        deed.run('job.withdraw', { job: job.id, cleaner, ...(reason === '' ? {} : { reason }) })
      }
    />
  );
}

const AWAITED: readonly JobRow['status'][] = ['assigned', 'acknowledged', 'en_route'];

function Endings({ job, deed }: PartProps) {
  const { t } = useTexts();
  const begun = useNow(15_000) >= Date.parse(job.starts_at);
  return (
    <>
      {begun && AWAITED.includes(job.status) && (
        <Asking
          action={t.room.actions.noShow}
          lead={t.room.actions.noShowLead}
          note={null}
          job={job}
          onConfirm={() => deed.run('job.no_show', { job: job.id })}
        />
      )}
      {(job.status === 'unassigned' || mayVacate(job)) && (
        <Asking
          action={t.control.cancelBooking}
          title={t.control.cancelTitle}
          lead={t.control.cancelLead}
          note={t.room.actions.reason}
          job={job}
          onConfirm={(reason) =>
            deed.run('booking.cancel', {
              booking: job.booking,
              expected_version: job.booking_version,
              ...(reason === '' ? {} : { reason }),
            })
          }
        />
      )}
    </>
  );
}

interface AskingProps {
  readonly action: string;
  readonly title?: string;
  readonly lead: ReactNode;
  /** What may be written with it; `null`: nothing. */
  readonly note: string | null;
  readonly job: JobRow;
  /** Whether it was done. */
  readonly onConfirm: (note: string) => Promise<boolean>;
}

/** A button that asks before it acts. While somebody writes the reason, colleagues see that. */
function Asking({ action, title, lead, note, job, onConfirm }: AskingProps) {
  const { t } = useTexts();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [text, setText] = useState('');
  const wrote = useWriting(asking && note !== null ? job.id : null);
  const confirm = async () => {
    setBusy(true);
    const done = await onConfirm(text.trim());
    setBusy(false);
    if (done) setAsking(false);
  };
  return (
    <>
      <Button weight="danger" onClick={() => setAsking(true)}>
        {action}
      </Button>
      {asking && (
        <Sheet title={title ?? t.room.actions.sure(action)} onClose={() => setAsking(false)}>
          <p>{lead}</p>
          {note !== null && (
            <Field
              label={note}
              hint={t.room.actions.optional}
              value={text}
              maxLength={500}
              onChange={(value) => {
                setText(value);
                wrote();
              }}
            />
          )}
          <Button weight="danger" size="large" busy={busy} onClick={() => void confirm()}>
            {action}
          </Button>
        </Sheet>
      )}
    </>
  );
}
