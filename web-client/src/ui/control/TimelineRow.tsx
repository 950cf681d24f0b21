/** One cleaner's day: shifts, time off, and the jobs as bars. */
import { memo } from 'react';
import type { CleanerDay, Obstacle } from '../../state/control';
import type { Span } from '../../state/work';
import type { JobRow } from '../../wire';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { JobBar } from './JobBar';
import { ROW_PX } from './Timeline';
import css from './TimelineRow.module.css';
import { type ControlRoom, obstacleText } from './useControlRoom';
import type { Drag } from './useDrag';

interface TimelineRowProps {
  readonly day: CleanerDay;
  readonly index: number;
  readonly room: ControlRoom;
  readonly drag: Drag;
  /** The job that this row is asked for. */
  readonly candidate: JobRow | null;
  readonly obstacle: Obstacle | null;
  readonly reached: boolean;
  readonly onReach: (row: number) => void;
  readonly axis: Span;
  readonly hourPx: number;
  readonly now: number;
}

const HOUR = 3_600_000;

export const TimelineRow = memo(function TimelineRow(props: TimelineRowProps) {
  const { day, index, room, drag, candidate, obstacle, reached, onReach, axis, hourPx, now } = props;
  const { t } = useTexts();
  const { cleaner } = day;
  const place = (row: { starts_at: string; ends_at: string }) => {
    const [from, to] = [Date.parse(row.starts_at), Date.parse(row.ends_at)];
    return {
      left: ((Math.max(from, axis.from) - axis.from) / HOUR) * hourPx,
      width: ((Math.min(to, axis.to) - Math.max(from, axis.from)) / HOUR) * hourPx,
    };
  };
  const target = drag.target === cleaner.id;
  const choose = () => {
    if (room.placing !== null) void room.assign(room.placing, cleaner.id);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on the chosen row is the screen's own key
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={reached}
      className={cx(
        css.row,
        candidate !== null && (obstacle === null ? css.legal : css.illegal),
        (reached || target) && css.reached,
      )}
      style={{ top: index * ROW_PX, height: ROW_PX }}
      data-cleaner={cleaner.id}
      onClick={choose}
      onPointerEnter={() => room.placing !== null && onReach(index)}
    >
      <span role="rowheader" className={css.name} title={cleaner.name}>
        <span className={cx(css.duty, css[cleaner.duty])} title={t.duty[cleaner.duty]}>
          <span className="visually-hidden">{t.duty[cleaner.duty]}</span>
        </span>
        <span className={css.label}>
          <span className={css.text}>{cleaner.name}</span>
          {candidate !== null && obstacle !== null && (
            <span className={css.reason}>{obstacleText(t, obstacle)}</span>
          )}
        </span>
      </span>
      <div role="gridcell" className={css.track}>
        {day.shifts.map((shift) => (
          <span key={shift.id} className={css.shift} style={place(shift)} />
        ))}
        {day.timeOff.map((row) => (
          <span key={row.id} className={css.timeOff} style={place(row)} title={t.control.reason.time_off} />
        ))}
        {day.bars.map((bar) => (
          <JobBar
            key={`${bar.job.id} ${bar.seat}`}
            bar={bar}
            room={room}
            drag={drag}
            axis={axis}
            hourPx={hourPx}
            now={now}
          />
        ))}
      </div>
    </div>
  );
});
