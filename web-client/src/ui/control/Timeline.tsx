/** Cleaners by time, as a grid. Only the rows in sight are in the page; names and hours stay in place. Rows
 * follow their own cleaner; this follows who there is, the span of time, and what is in sight. */
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Observable } from '../../hub/observable';
import { axisOf, DENSITIES, openingSpan, type ViewChoice, withAround, ZOOMS } from '../../state/controlAxis';
import { useNow } from '../../state/now';
import { useObservable } from '../../state/services';
import { usePointerDown, useSteady } from '../../state/steady';
import { startOfDay } from '../../state/zoned';
import { useTexts } from '../i18n';
import { Empty } from '../parts/Notice';
import { type Cell, FlashGate, pxOf, type Scale, type Stage } from './stage';
import css from './Timeline.module.css';
import { HEADER_PX, NAMES_PX, TimelineHeader } from './TimelineHeader';
import { TimelineRow } from './TimelineRow';
import { type ControlRoom, useOnDesk } from './useControlRoom';
import type { Drag } from './useDrag';
import { useShown } from './useFilter';
import { useGridFocus } from './useGridFocus';
import { useViewport } from './useViewport';

const HOUR = 3_600_000;
const OVERSCAN = 4;

export interface TimelineHandle {
  toNow(): void;
}

interface TimelineProps {
  readonly ref: Ref<TimelineHandle>;
  readonly room: ControlRoom;
  readonly drag: Drag;
  readonly choice: ViewChoice;
  readonly today: string;
  readonly me: string;
}

export function Timeline({ ref, room, drag, choice, today, me }: TimelineProps) {
  const { t } = useTexts();
  const now = useNow(30_000);
  const { board, zone, dates, desk, store, services } = room;
  const scroller = useRef<HTMLElement>(null);
  const rowPx = DENSITIES[choice.density];
  const port = useViewport(scroller, rowPx);
  const scale = useScale(room, choice, today, now, port.width, rowPx);
  const { days } = useShown(board, room.placing !== null);
  const ids = useMemo(() => days.map(({ cleaner }) => cleaner.id), [days]);
  const rows = useSteady(ids, usePointerDown());
  const [flashes] = useState(() => new FlashGate());
  const [cursor] = useState(() => new Observable<Cell | null>(null));
  const { begin } = drag;
  const stage = useMemo<Stage>(
    () => ({ desk, store, timeZone: zone.time_zone, services, me, begin, flashes, cursor }),
    [desk, store, zone.time_zone, services, me, begin, flashes, cursor],
  );
  drag.geometry.current = { scale, scroller };

  const nowIn = dates.includes(today) && now > scale.from && now < scale.to;
  const show = (at: number, share: number) => {
    const left = Math.max(0, pxOf(scale, at) - (port.width - NAMES_PX) * share);
    scroller.current?.scrollTo({ left });
  };
  const toNow = () => show(now, 0.25);
  useImperativeHandle(ref, () => ({ toNow }));
  useFirstView(port.width > 0 && nowIn, toNow);
  useKept(scale, scroller);
  useAimInSight(room, rows, scale, scroller);
  const focus = useGridFocus({ stage, rows, rowPx, scroller, headerPx: HEADER_PX });

  const first = Math.max(0, Math.floor(port.top / rowPx) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((port.top + port.height) / rowPx) + OVERSCAN);
  const midnights = useMemo(
    () => dates.map((date) => startOfDay(date, zone.time_zone)),
    [dates, zone.time_zone],
  );
  return (
    <section
      ref={scroller}
      className={css.scroller}
      aria-label={t.control.cleaners}
      // Without a row nothing in it can have the focus, and it still scrolls.
      tabIndex={rows.length === 0 ? 0 : undefined}
      data-timeline
    >
      <div
        className={css.grid}
        role="grid"
        aria-label={t.control.cleaners}
        aria-rowcount={rows.length + 1}
        aria-multiselectable
        style={{
          width: NAMES_PX + pxOf(scale, scale.to),
          ['--hour' as string]: `${scale.hourPx}px`,
          ['--row' as string]: `${rowPx}px`,
        }}
        onKeyDown={focus.onKeyDown}
        onFocus={focus.onFocus}
      >
        <TimelineHeader
          scale={scale}
          now={nowIn ? now : null}
          count={rows.length}
          timeZone={zone.time_zone}
          dates={dates}
          midnights={midnights}
        />
        <div className={css.rows} role="rowgroup" style={{ height: rows.length * rowPx }}>
          {rows.slice(first, last).map((cleaner, i) => (
            <TimelineRow
              key={cleaner}
              cleaner={cleaner}
              index={first + i}
              stage={stage}
              scale={scale}
              now={now}
              entry={i === 0}
            />
          ))}
          {midnights.slice(1).map((at) => (
            <span
              key={at}
              className={css.midnight}
              style={{ left: NAMES_PX + pxOf(scale, at) }}
              aria-hidden
            />
          ))}
          {nowIn && <span className={css.now} style={{ left: NAMES_PX + pxOf(scale, now) }} aria-hidden />}
        </div>
      </div>
      <Crowd flashes={flashes} />
      {rows.length === 0 && <Empty title={t.control.noCleaners} hint={t.control.noCleanersHint} />}
    </section>
  );
}

/** Too many changes to follow one by one: how many there are. */
function Crowd({ flashes }: { flashes: FlashGate }) {
  const { t } = useTexts();
  const crowd = useObservable(flashes.crowd);
  if (crowd === null) return null;
  return (
    <span className={css.crowd} data-crowd aria-hidden>
      {t.timeline.busy(crowd)}
    </span>
  );
}

function useScale(
  { board, zone, dates }: ControlRoom,
  choice: ViewChoice,
  today: string,
  now: number,
  width: number,
  rowPx: number,
): Scale {
  const hour = dates.includes(today) ? Math.floor(now / HOUR) * HOUR : null;
  const least = useMemo(() => {
    const spans = dates.map((date) => openingSpan(zone, date));
    const from = Math.min(...spans.map((span) => span.from));
    return withAround({ from, to: Math.max(...spans.map((span) => span.to)) }, hour);
  }, [zone, dates, hour]);
  const { from, to } = useMemo(() => axisOf(board, least), [board, least]);
  const fill = Math.floor((width - NAMES_PX) / ((to - from) / HOUR));
  const hourPx = Math.max(ZOOMS[choice.zoom] ?? ZOOMS[4], choice.days === 1 ? fill : 0);
  return useMemo(() => ({ from, to, hourPx, rowPx }), [from, to, hourPx, rowPx]);
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

/** What is at the left edge stays there when the axis grows or the zoom changes. */
function useKept(scale: Scale, scroller: { readonly current: HTMLElement | null }) {
  const before = useRef(scale);
  useLayoutEffect(() => {
    const [old, element] = [before.current, scroller.current];
    before.current = scale;
    if (element === null || (old.from === scale.from && old.hourPx === scale.hourPx)) return;
    const at = old.from + (element.scrollLeft / old.hourPx) * HOUR;
    element.scrollLeft = pxOf(scale, at);
  }, [scale, scroller]);
}

/** The place that a job is aimed at by the keys stays in sight. */
function useAimInSight(
  room: ControlRoom,
  rows: readonly string[],
  scale: Scale,
  scroller: { readonly current: HTMLElement | null },
) {
  const cleaner = useOnDesk(room.desk, ({ placing }) => placing?.cleaner ?? null);
  const start = useOnDesk(room.desk, ({ placing }) => (placing?.kind === 'move' ? placing.start : null));
  useEffect(() => {
    const element = scroller.current;
    const row = cleaner === null ? -1 : rows.indexOf(cleaner);
    if (element === null || row === -1) return;
    const at = row * scale.rowPx;
    const visible = element.clientHeight - HEADER_PX;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + scale.rowPx > element.scrollTop + visible) element.scrollTop = at + scale.rowPx - visible;
    if (start === null) return;
    const [left, wide] = [pxOf(scale, start), element.clientWidth - NAMES_PX];
    if (left < element.scrollLeft) element.scrollLeft = left - scale.hourPx;
    else if (left + 2 * scale.hourPx > element.scrollLeft + wide)
      element.scrollLeft = left + 3 * scale.hourPx - wide;
  }, [cleaner, start, rows, scale, scroller]);
}
