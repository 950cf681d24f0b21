/** The open board: who is first takes the job. A card that goes says so before it leaves. */
import { Waypoints } from 'lucide-react';
import { isWaiting } from '../../hub/outbox';
import { about } from '../../state/foresight';
import { useHandset } from '../../state/handset';
import { useNow } from '../../state/now';
import { useFarewell } from '../../state/useFarewell';
import { isOver, type Misfit, misfit, nearestOwn, workSpan } from '../../state/work';
import { localDate } from '../../state/zoned';
import type { OpenJobRow } from '../../wire';
import { type Catalog, useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { Empty } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { Actions } from './Actions';
import css from './OpenTab.module.css';
import tabs from './tabs.module.css';
import type { Desk } from './WorkScreen';

const FAREWELL_MS = 2_500;

export function OpenTab({ desk }: { desk: Desk }) {
  const { t } = useTexts();
  const now = useNow(30_000);
  const cards = [...useFarewell(desk.open, FAREWELL_MS)]
    .filter(({ row }) => workSpan(row).to > now)
    .sort((a, b) => Date.parse(a.row.starts_at) - Date.parse(b.row.starts_at) || a.row.number - b.row.number);
  return (
    <div className={tabs.tab}>
      <header className={tabs.head}>
        <h1>{t.work.open}</h1>
      </header>
      {desk.openLoading && cards.length === 0 && <Skeleton rows={3} height={160} />}
      {!desk.openLoading && cards.length === 0 && (
        <Empty title={t.work.nothingOpen} hint={t.work.nothingOpenHint} icon={<Waypoints aria-hidden />} />
      )}
      <ul className={tabs.list}>
        {cards.map(({ row, gone }) => (
          <OpenCard key={row.id} job={row} gone={gone} desk={desk} now={now} />
        ))}
      </ul>
    </div>
  );
}

interface OpenCardProps {
  readonly job: OpenJobRow;
  readonly gone: boolean;
  readonly desk: Desk;
  readonly now: number;
}

function OpenCard({ job, gone, desk, now }: OpenCardProps) {
  const { t, format } = useTexts();
  const { courier } = useHandset();
  const tried = about(desk.outbox, job.id).filter(({ action }) => action.kind === 'job.claim');
  const claiming = tried.some(isWaiting);
  const { me, rows, zones, services } = desk;
  const service = services.find(({ slug }) => slug === job.service);
  const timeZone = zones.find(({ slug }) => me.zones.includes(slug))?.time_zone ?? 'UTC';
  const own = [...rows.agenda_job.values()].filter((mine) => !isOver(mine.status));
  const problem = misfit(job, service, {
    skills: me.skills,
    shifts: [...rows.shift.values()],
    timeOff: [...rows.time_off.values()],
    jobs: own,
  });
  const near = nearestOwn(job, own);
  const { from, to } = workSpan(job);
  const claim = () => void courier.add({ kind: 'job.claim', parameters: { job: job.id } }, job.number);
  return (
    <li
      className={cx(css.card, gone && css.gone)}
      data-tone="unassigned"
      data-job={job.number}
      aria-live={gone ? 'polite' : undefined}
    >
      <div className={css.top}>
        <div>
          <p className={css.day}>{format.relativeDay(localDate(from, timeZone), timeZone, now)}</p>
          <p className={css.time}>{format.range(from, to, timeZone)}</p>
        </div>
        {gone ? (
          <strong className={css.stamp}>{rows.agenda_job.has(job.id) ? t.work.yours : t.work.taken}</strong>
        ) : (
          <span className={css.number}>{t.common.job(job.number)}</span>
        )}
      </div>
      <p>
        {service?.name ?? job.service} · {t.common.duration(job.duration_minutes)}
      </p>
      <p className={css.place}>
        {[
          job.district,
          near === null
            ? null
            : t.work.near(format.decimal(near.km), format.time(near.job.starts_at, timeZone)),
          job.crew_size > 1 ? t.work.seats(job.open_seats, job.crew_size) : null,
        ]
          .filter((text) => text !== null && text !== '')
          .join(' · ')}
      </p>
      {!gone && (
        <>
          <p className={cx(css.fit, problem !== null && css.misfit)}>
            {problem === null ? t.work.fits : misfitText(t, problem, format.list)}
          </p>
          <Actions entries={tried} timeZone={timeZone} />
          <Button
            weight={problem === null ? 'primary' : 'secondary'}
            size="large"
            busy={claiming}
            data-action="job.claim"
            onClick={claim}
          >
            {claiming ? t.work.claiming : t.work.claim}
          </Button>
        </>
      )}
    </li>
  );
}

function misfitText(t: Catalog, problem: Misfit, list: (items: readonly string[]) => string): string {
  switch (problem.kind) {
    case 'skill':
      return t.work.misfit.skill(list(problem.missing));
    case 'overlap':
    case 'outside_shift':
    case 'time_off':
      return t.work.misfit[problem.kind];
    default:
      return problem satisfies never;
  }
}
