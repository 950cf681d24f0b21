/** Dragging jobs with mouse or pen: from the queue onto a cleaner, between rows, along time. A job from the
 * queue keeps the time that was promised unless Shift is held; a bar that is hardly moved keeps its own.
 * A finger scrolls instead, and taps to assign. */
import { type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { startOf } from '../../state/control';
import { carried, FINE_STEP_MS, STEP_MS, snap } from '../../state/controlAxis';
import type { Desk, Flight } from '../../state/desk';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { reasonText } from './reasons';
import type { Scale } from './stage';
import { NAMES_PX } from './TimelineHeader';
import { type ControlRoom, useOnDesk } from './useControlRoom';
import css from './useDrag.module.css';

/** Where the timeline is, for those who have to tell a time from a place. */
export interface Geometry {
  readonly scale: Scale;
  readonly scroller: RefObject<HTMLElement | null>;
}

export interface Drag {
  /** The seat that the job is taken from; `null` comes from the queue. */
  readonly begin: (event: PointerEvent, job: string, seat: number | null) => void;
  readonly geometry: RefObject<Geometry | null>;
}

const THRESHOLD_PX = 5;
const EDGE_PX = 36;
const EDGE_SPEED_PX = 14;
const HOUR = 3_600_000;

export function useDrag(desk: Desk): Drag {
  const geometry = useRef<Geometry | null>(null);
  const end = useRef<(() => void) | null>(null);
  useEffect(() => () => end.current?.(), []);
  const [begin] = useState(() => (event: PointerEvent, job: string, seat: number | null) => {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    if (desk.state.value.placing !== null || !desk.mayDispatch) return;
    if (event.ctrlKey || event.metaKey) return;
    end.current?.();
    end.current = follow(event, { desk, geometry, job, seat });
  });
  return { begin, geometry };
}

interface Lifted {
  readonly desk: Desk;
  readonly geometry: RefObject<Geometry | null>;
  readonly job: string;
  readonly seat: number | null;
}

/** Follows the pointer until it is let go; returns how to end that sooner. */
function follow(pressed: PointerEvent, lifted: Lifted): () => void {
  const { desk, job, seat } = lifted;
  const [x, y] = [pressed.clientX, pressed.clientY];
  const subjects = desk.subjects(job);
  const jobs = [job, ...subjects.filter((id) => id !== job)];
  const scroller = lifted.geometry.current?.scroller.current ?? null;
  const from = { x, y, left: scroller?.scrollLeft ?? 0 };
  let last: globalThis.PointerEvent | null = null;
  let frame = 0;
  const update = () => {
    if (last !== null) desk.fly(flightAt(last, from, { ...lifted, seat }, jobs));
  };
  const glide = () => {
    if (last !== null && scroller !== null && scrollAtEdge(scroller, last)) update();
    frame = requestAnimationFrame(glide);
  };
  const move = (moved: globalThis.PointerEvent) => {
    const far = Math.hypot(moved.clientX - x, moved.clientY - y) > THRESHOLD_PX;
    if (last === null && !far) return;
    if (last === null) frame = requestAnimationFrame(glide);
    moved.preventDefault();
    last = moved;
    update();
  };
  const stop = () => {
    cancelAnimationFrame(frame);
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', drop);
    window.removeEventListener('pointercancel', stop);
    window.removeEventListener('keydown', keyed, true);
    window.removeEventListener('keyup', keyed, true);
    if (last !== null) desk.fly(null);
  };
  const drop = (released: globalThis.PointerEvent) => {
    const flying = last === null ? null : flightAt(released, from, lifted, jobs);
    stop();
    if (flying === null) return;
    // The click that follows a drag belongs to the drag.
    window.addEventListener('click', swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener('click', swallow, true), 0);
    if (flying.cleaner !== null) desk.drop(jobs, seat, flying.cleaner, flying.start);
  };
  const keyed = (key: KeyboardEvent) => {
    if (key.key !== 'Escape') return;
    key.stopPropagation();
    key.preventDefault();
    stop();
  };
  window.addEventListener('pointermove', move);
  window.addEventListener('pointerup', drop);
  window.addEventListener('pointercancel', stop);
  window.addEventListener('keydown', keyed, true);
  return stop;
}

function flightAt(
  event: globalThis.PointerEvent,
  from: { readonly x: number; readonly left: number },
  { desk, geometry, job, seat }: Lifted,
  jobs: readonly string[],
): Flight {
  const place = geometry.current;
  const row = desk.store.job(job);
  const own = row === null ? 0 : startOf(row);
  const step = event.altKey ? FINE_STEP_MS : STEP_MS;
  let start = own;
  const scroller = place?.scroller.current ?? null;
  if (place !== null && scroller !== null) {
    const scrolled = scroller.scrollLeft - from.left;
    if (seat !== null) start = carried(own, event.clientX - from.x + scrolled, place.scale.hourPx, step);
    else if (event.shiftKey) {
      const px = event.clientX - scroller.getBoundingClientRect().left - NAMES_PX + scroller.scrollLeft;
      start = snap(place.scale.from + (px / place.scale.hourPx) * HOUR, step);
    }
  }
  const [x, y] = [event.clientX, event.clientY];
  return { jobs, seat, x, y, cleaner: cleanerAt(x, y), start };
}

/** Whether the timeline was scrolled because the pointer is at its edge. */
function scrollAtEdge(scroller: HTMLElement, { clientX, clientY }: globalThis.PointerEvent): boolean {
  const { top, bottom, left, right } = scroller.getBoundingClientRect();
  if (clientX < left || clientX > right || clientY < top || clientY > bottom) return false;
  const [wasTop, wasLeft] = [scroller.scrollTop, scroller.scrollLeft];
  if (clientY > bottom - EDGE_PX) scroller.scrollTop += EDGE_SPEED_PX;
  else if (clientY < top + EDGE_PX) scroller.scrollTop -= EDGE_SPEED_PX;
  if (clientX > right - EDGE_PX) scroller.scrollLeft += EDGE_SPEED_PX;
  else if (clientX > left + NAMES_PX && clientX < left + NAMES_PX + EDGE_PX)
    scroller.scrollLeft -= EDGE_SPEED_PX;
  return scroller.scrollTop !== wasTop || scroller.scrollLeft !== wasLeft;
}

function swallow(event: Event): void {
  event.stopPropagation();
  event.preventDefault();
}

function cleanerAt(x: number, y: number): string | null {
  const row = document.elementFromPoint(x, y)?.closest('[data-cleaner]');
  return row instanceof HTMLElement ? (row.dataset.cleaner ?? null) : null;
}

/** Beside the pointer: what is in the air, where it would go, and the first reason against that. */
export function Ghost({ room }: { room: ControlRoom }) {
  const { t, format } = useTexts();
  const { desk, store, zone } = room;
  const flight = useOnDesk(desk, (state) => state.flight);
  useOnDesk(desk, (state) => state.answers);
  if (flight === null) return null;
  const first = flight.jobs[0] === undefined ? null : store.job(flight.jobs[0]);
  if (first === null) return null;
  const day = flight.cleaner === null ? null : store.day(flight.cleaner);
  const verdict = day === null ? null : desk.verdict(flight.jobs, day.cleaner.id, flight.start);
  const what = flight.jobs.length > 1 ? t.timeline.jobs(flight.jobs.length) : t.common.job(first.number);
  const reason = verdict?.reason ?? null;
  return (
    <div
      className={cx(
        css.ghost,
        verdict?.kind === 'illegal' && css.illegal,
        verdict?.kind === 'soft' && css.soft,
      )}
      style={{ transform: `translate(${flight.x + 12}px, ${flight.y + 12}px)` }}
      data-ghost={verdict?.kind ?? 'nowhere'}
      aria-hidden
    >
      <strong>{what}</strong>
      {flight.start !== startOf(first) && (
        <span> {t.timeline.dropAt(format.time(flight.start, zone.time_zone))}</span>
      )}
      {day !== null && <span> → {day.cleaner.name}</span>}
      {day !== null && reason !== null && (
        <span className={css.reason}>
          {t.timeline.why(day.cleaner.name, reasonText(t, format, reason, zone.time_zone))}
        </span>
      )}
    </div>
  );
}
