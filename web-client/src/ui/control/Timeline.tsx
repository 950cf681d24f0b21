/** Cleaners by time. Only the rows in sight are in the page; names and hours stay in place. */
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { axisOf, withAround } from '../../state/control';
import { useNow } from '../../state/now';
import type { Span } from '../../state/work';
import { instantOf, startOfDay, weekday } from '../../state/zoned';
import type { Zone } from '../../wire';
import { useTexts } from '../i18n';
import { Empty } from '../parts/Notice';
import css from './Timeline.module.css';
import { TimelineRow } from './TimelineRow';
import type { ControlRoom } from './useControlRoom';
import type { Drag } from './useDrag';

export const ROW_PX = 40;
const NAMES_PX = 184;
const HOUR_PX = 76;
const HOUR = 3_600_000;
const OVERSCAN = 4;
/** An hour's label and the mark of the present need this much between them. */
const LABEL_PX = 60;

export interface TimelineHandle {
  toNow(): void;
}

interface TimelineProps {
  readonly ref: Ref<TimelineHandle>;
  readonly room: ControlRoom;
  readonly drag: Drag;
  /** The row that the keyboard is on while a cleaner is being chosen. */
  readonly row: number;
  readonly onRow: (row: number) => void;
  readonly today: string;
}

export function Timeline({ ref, room, drag, row, onRow, today }: TimelineProps) {
  const { t, format } = useTexts();
  const now = useNow(30_000);
  const { board, zone, date } = room;
  const scroller = useRef<HTMLElement>(null);
  const { width, height, top } = useViewport(scroller);
  const hour = date === today ? Math.floor(now / HOUR) * HOUR : null;
  const least = useMemo(() => withAround(openingHours(zone, date), hour), [zone, date, hour]);
  const axis = useMemo(() => axisOf(board, least), [board, least]);
  const hours = (axis.to - axis.from) / HOUR;
  const hourPx = Math.max(HOUR_PX, Math.floor((width - NAMES_PX) / hours));
  const pxOf = (at: number) => ((at - axis.from) / HOUR) * hourPx;
  const nowIn = date === today && now > axis.from && now < axis.to;

  const hourMarks = Array.from({ length: hours }, (_, i) => axis.from + i * HOUR).filter((at) => {
    const fromNow = pxOf(at) - pxOf(now);
    return !nowIn || fromNow < -LABEL_PX || fromNow > LABEL_PX / 2;
  });

  const toNow = () => {
    const target = Math.max(0, pxOf(now) - (width - NAMES_PX) / 4);
    scroller.current?.scrollTo({ left: target });
  };
  useImperativeHandle(ref, () => ({ toNow }));
  useFirstView(width > 0 && nowIn, toNow);
  useEffect(() => {
    const element = scroller.current;
    if (element === null || room.placing === null) return;
    const at = row * ROW_PX;
    const visible = element.clientHeight - 32;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + ROW_PX > element.scrollTop + visible) element.scrollTop = at + ROW_PX - visible;
  }, [row, room.placing]);

  const first = Math.max(0, Math.floor(top / ROW_PX) - OVERSCAN);
  const last = Math.min(board.days.length, Math.ceil((top + height) / ROW_PX) + OVERSCAN);
  const candidate = drag.job ?? room.placing;
  return (
    <div className={css.frame}>
      {room.placing !== null && (
        <p className={css.placing} role="status">
          <strong>{t.control.placing(t.common.job(room.placing.number))}</strong> {t.control.placingHint}
        </p>
      )}
      <section ref={scroller} className={css.scroller} aria-label={t.control.cleaners} tabIndex={0}>
        <div
          className={css.grid}
          role="grid"
          aria-label={t.control.cleaners}
          aria-rowcount={board.days.length + 1}
          style={{ width: NAMES_PX + hours * hourPx, ['--hour' as string]: `${hourPx}px` }}
        >
          <div className={css.header} role="row" aria-rowindex={1}>
            <span className={css.corner} role="columnheader">
              {t.control.cleaners} <span>{board.days.length}</span>
            </span>
            {hourMarks.map((at) => (
              <span key={at} className={css.hour} role="columnheader" style={{ left: NAMES_PX + pxOf(at) }}>
                {format.time(at, zone.time_zone)}
              </span>
            ))}
            {nowIn && (
              <span className={css.nowMark} style={{ left: NAMES_PX + pxOf(now) }}>
                {format.time(now, zone.time_zone)}
              </span>
            )}
          </div>
          <div className={css.rows} role="rowgroup" style={{ height: board.days.length * ROW_PX }}>
            {board.days.slice(first, last).map((day, i) => (
              <TimelineRow
                key={day.cleaner.id}
                day={day}
                index={first + i}
                room={room}
                drag={drag}
                candidate={candidate}
                obstacle={candidate === null ? null : room.obstacleTo(candidate, day)}
                reached={room.placing !== null && row === first + i}
                onReach={onRow}
                axis={axis}
                hourPx={hourPx}
                now={now}
              />
            ))}
            {nowIn && <span className={css.now} style={{ left: NAMES_PX + pxOf(now) }} aria-hidden />}
          </div>
        </div>
        {board.days.length === 0 && <Empty title={t.control.noCleaners} hint={t.control.noCleanersHint} />}
      </section>
    </div>
  );
}

/** The zone's opening hours on that date; a plain working day where it is closed. */
function openingHours(zone: Zone, date: string): Span {
  const hours = zone.opening_hours[weekday(date)] ?? { opens: 8 * 60, closes: 18 * 60 };
  if (hours.closes >= 24 * 60) {
    const start = startOfDay(date, zone.time_zone);
    return { from: instantOf({ date, minutes: hours.opens }, zone.time_zone), to: start + 24 * HOUR };
  }
  return {
    from: instantOf({ date, minutes: hours.opens }, zone.time_zone),
    to: instantOf({ date, minutes: hours.closes }, zone.time_zone),
  };
}

function useViewport(element: { readonly current: HTMLElement | null }) {
  const [port, setPort] = useState({ width: 0, height: 0, top: 0 });
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    const read = () =>
      setPort({ width: target.clientWidth, height: target.clientHeight, top: target.scrollTop });
    read();
    const observer = new ResizeObserver(read);
    observer.observe(target);
    target.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      target.removeEventListener('scroll', read);
    };
  }, [element]);
  return port;
}

/** Shows the present once, when the board is first laid out. */
function useFirstView(ready: boolean, show: () => void) {
  const shown = useRef(false);
  useLayoutEffect(() => {
    if (!ready || shown.current) return;
    shown.current = true;
    show();
  });
}
