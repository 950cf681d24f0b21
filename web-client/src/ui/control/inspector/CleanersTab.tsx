/** Who could take the job, by the server's own rules: who can as it stands, who could at another time, and
 * who cannot, with the first reason against. */
import { useState } from 'react';
import { type Candidate, candidatesOf } from '../../../state/candidates';
import { mayBeSaved } from '../../../state/control';
import { useAnswer } from '../../../state/useAnswer';
import { isOver } from '../../../state/work';
import type { JobRow, Rejection } from '../../../wire';
import { type Catalog, useTexts } from '../../i18n';
import type { Format } from '../../i18n/format';
import { codeOf, explain } from '../../objection';
import { Button } from '../../parts/Button';
import { Failure } from '../../parts/Notice';
import { Skeleton } from '../../parts/Skeleton';
import css from './CleanersTab.module.css';
import type { InspectorProps } from './Inspector';
import { useDeed } from './useDeed';

const UNDER_WAY: readonly JobRow['status'][] = ['en_route', 'arrived', 'in_progress', 'paused'];

export function CleanersTab({ job, room }: InspectorProps) {
  const { t } = useTexts();
  const over = isOver(job.status) && !mayBeSaved(job);
  const wanted = over || !room.rights.dispatch ? null : { job: job.id };
  // Asked again when the job has changed, and when anybody's day on the board has.
  const state = `${job.version} ${busyness(room.board.days)}`;
  const { value, objection, asking, again } = useAnswer('job.targets', wanted, state);
  if (over) return <p className={css.quiet}>{t.room.candidates.over}</p>;
  if (objection !== null && value === null) {
    return (
      <Failure
        title={t.room.candidates.failed}
        hint={explain(t, objection)}
        code={codeOf(objection)}
        onRetry={again}
      />
    );
  }
  if (value === null) {
    return (
      <div aria-busy={asking}>
        <Skeleton rows={5} height={40} gap={6} />
      </div>
    );
  }
  const found = candidatesOf(value, room.board.days, { startsAt: job.starts_at, seats: job.seats });
  return (
    <div className={css.candidates} aria-busy={asking}>
      {UNDER_WAY.includes(job.status) && <p className={css.quiet}>{t.room.candidates.underWay}</p>}
      {found.able.length === 0 && <p className={css.none}>{t.room.candidates.nobodyAble}</p>}
      <Group title={t.room.candidates.able} of={found.able} job={job} room={room} />
      <Group title={t.room.candidates.otherwise} of={found.otherwise} job={job} room={room} />
      <Group title={t.room.candidates.unable} of={found.unable} job={job} room={room} />
      {found.away > 0 && <p className={css.quiet}>{t.room.candidates.away(found.away)}</p>}
    </div>
  );
}

/** Changes when somebody's jobs, shifts or absences do, as far as this page sees them. */
function busyness(days: InspectorProps['room']['board']['days']): number {
  let sum = 0;
  for (const { bars, shifts, timeOff } of days) {
    for (const { job, seat } of bars) sum = (sum * 31 + job.version * 7 + seat + job.number) | 0;
    for (const shift of shifts) sum = (sum * 31 + shift.version) | 0;
    sum = (sum * 31 + timeOff.length) | 0;
  }
  return sum;
}

interface GroupProps extends InspectorProps {
  readonly title: string;
  readonly of: readonly Candidate[];
}

function Group({ title, of, job, room }: GroupProps) {
  if (of.length === 0) return null;
  return (
    <section>
      <h3 className={css.title}>
        {title} <span>{of.length}</span>
      </h3>
      <ul>
        {of.map((candidate, place) => (
          <Line key={candidate.id} candidate={candidate} first={place === 0} job={job} room={room} />
        ))}
      </ul>
    </section>
  );
}

interface LineProps extends InspectorProps {
  readonly candidate: Candidate;
  readonly first: boolean;
}

function Line({ candidate, first, job, room }: LineProps) {
  const { t, format } = useTexts();
  const deed = useDeed(job);
  const [busy, setBusy] = useState(false);
  const { id, name, against, others, jobs, minutes } = candidate;
  const zone = room.zone.time_zone;
  const load = jobs === 0 ? t.room.candidates.free : t.room.candidates.load(jobs, t.common.duration(minutes));
  const assign = () => {
    setBusy(true);
    void room.assign(job, id).finally(() => setBusy(false));
  };
  return (
    <li className={css.line} data-candidate={id}>
      <span className={css.who}>
        <strong>{name}</strong>
        <span className={css.quiet}>{against === null ? load : againstText(t, format, zone, against)}</span>
      </span>
      {against === null && (
        <Button
          size="small"
          weight={first ? 'primary' : 'secondary'}
          busy={busy}
          aria-label={t.room.candidates.assignTo(name, t.common.job(job.number))}
          data-action="assign-to"
          onClick={assign}
        >
          {t.room.candidates.assign}
        </Button>
      )}
      {against !== null && others.length > 0 && (
        <span className={css.times}>
          {others.map((start) => (
            <Button
              key={start}
              size="small"
              busy={deed.busy !== null}
              aria-label={t.room.candidates.moveTo(format.time(start, zone), name)}
              title={t.room.candidates.moveTo(format.time(start, zone), name)}
              onClick={() =>
                void deed.run('job.move', {
                  job: job.id,
                  cleaner: id,
                  start,
                  expected_version: job.version,
                })
              }
            >
              {format.time(start, zone)}
            </Button>
          ))}
        </span>
      )}
    </li>
  );
}

/** The server's reason, in the words that fit beside a name. */
export function againstText(t: Catalog, format: Format, zone: string, against: Rejection): string {
  switch (against.code) {
    case 'overlap': {
      const during = against.details.with;
      if (during === undefined) return t.room.against.overlapUnknown;
      return t.room.against.overlap(format.range(during.start, during.end, zone));
    }
    case 'skill_missing':
      return t.room.against.skill(against.details.missing.join(', '));
    case 'outside_shift':
      return t.room.against.outside_shift;
    case 'time_off':
      return t.room.against.time_off;
    default:
      return t.rejection[against.code];
  }
}
