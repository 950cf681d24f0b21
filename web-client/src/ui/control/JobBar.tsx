/** A job on the timeline: colour, icon and pattern of its state, the way there hatched before it. */
import { Flame, TriangleAlert } from 'lucide-react';
import { useRef } from 'react';
import { type Bar, lateMinutes } from '../../state/control';
import { busySpan, type Span, workSpan } from '../../state/work';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { STATUS_ICON, STATUS_TONE } from '../parts/tones';
import { JobMarks, useSayings } from './Colleagues';
import css from './JobBar.module.css';
import type { ControlRoom } from './useControlRoom';
import type { Drag } from './useDrag';

interface JobBarProps {
  readonly bar: Bar;
  readonly room: ControlRoom;
  readonly drag: Drag;
  readonly axis: Span;
  readonly hourPx: number;
  readonly now: number;
}

const HOUR = 3_600_000;

export function JobBar({ bar, room, drag, axis, hourPx, now }: JobBarProps) {
  const { t, format } = useTexts();
  const { job, seat, optimistic } = bar;
  const firstSeen = useRef(job.version);
  const [work, busy] = [workSpan(job), busySpan(job)];
  const px = (ms: number) => (ms / HOUR) * hourPx;
  const late = lateMinutes(job, now);
  const Icon = STATUS_ICON[job.status];
  const who = job.customer_name ?? room.serviceName(job.service);
  const when = format.range(work.from, work.to, room.zone.time_zone);
  const sayings = useSayings(job.id);
  const plain = t.control.barName(
    t.common.job(job.number),
    room.serviceName(job.service),
    job.customer_name ?? t.control.noCustomer,
    when,
    optimistic ? t.control.sending : t.jobStatus[job.status],
  );
  const name = [plain, ...sayings].join('. ');
  const changed = job.version !== firstSeen.current && !room.isOwn(job.id);
  return (
    <>
      <span
        className={css.buffer}
        style={{ left: px(busy.from - axis.from), width: px(work.from - busy.from) }}
        aria-hidden
      />
      <button
        type="button"
        className={cx(
          css.bar,
          optimistic && css.optimistic,
          room.chosen?.id === job.id && css.chosen,
          late > 0 && css.late,
          drag.job?.id === job.id && css.lifted,
        )}
        style={{ left: px(work.from - axis.from), width: Math.max(px(work.to - work.from) - 2, 20) }}
        data-tone={STATUS_TONE[job.status]}
        data-status={job.status}
        data-job={job.number}
        aria-label={name}
        title={name}
        onClick={(event) => {
          if (room.placing !== null) return;
          event.stopPropagation();
          room.choose(job.id);
        }}
        onPointerDown={(event) => drag.begin(event, { job, seat })}
      >
        {changed && <span key={job.version} className={css.flash} aria-hidden />}
        <Icon size={14} aria-hidden />
        {late > 0 && <Flame size={13} className={css.lateIcon} aria-hidden />}
        {job.at_risk && <TriangleAlert size={13} className={css.riskIcon} aria-hidden />}
        <span className={css.text}>
          <strong>{who}</strong> {format.time(work.from, room.zone.time_zone)}
        </span>
        <JobMarks job={job.id} />
      </button>
    </>
  );
}
