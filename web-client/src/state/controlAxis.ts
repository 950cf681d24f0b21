/**
 * The timeline's axis: which span of time it shows, how wide an hour is, and to which instants a pointer
 * and the arrow keys snap. Pure.
 */
import type { Zone } from '../wire';
import { type Board, startOf } from './control';
import { busySpan, type Span } from './work';
import { addDays, instantOf, startOfDay, weekday } from './zoned';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How finely a start is chosen. */
export const STEP_MS = 15 * MINUTE;
export const FINE_STEP_MS = 5 * MINUTE;
/** A bar that is moved less than this stays at its time: it is being carried to another row. */
export const MAGNET_PX = 12;

/** Pixels of an hour, from far to near. */
export const ZOOMS = [20, 28, 36, 52, 76, 108, 152] as const;
export const DEFAULT_ZOOM: Record<DayCount, number> = { 1: 4, 3: 2 };

export type DayCount = 1 | 3;

export const DENSITIES = { compact: 28, normal: 36, roomy: 44 } as const;
export type Density = keyof typeof DENSITIES;

/** What of the view is in the address. */
export interface ViewChoice {
  readonly days: DayCount;
  readonly zoom: number;
  readonly density: Density;
}

export function readChoice(search: URLSearchParams): ViewChoice {
  const days: DayCount = search.get('days') === '3' ? 3 : 1;
  const asked = search.get('zoom');
  const zoom = asked !== null && /^\d$/.test(asked) ? Number(asked) : DEFAULT_ZOOM[days];
  const rows = search.get('rows');
  const density = rows === 'compact' || rows === 'roomy' ? rows : 'normal';
  return { days, zoom: Math.min(zoom, ZOOMS.length - 1), density };
}

/** The parameters of the address for it; what is usual is left out. */
export function writeChoice({
  days,
  zoom,
  density,
}: ViewChoice): Record<'days' | 'zoom' | 'rows', string | null> {
  return {
    days: days === 1 ? null : String(days),
    zoom: zoom === DEFAULT_ZOOM[days] ? null : String(zoom),
    rows: density === 'normal' ? null : density,
  };
}

export function datesFrom(date: string, count: DayCount): readonly string[] {
  return Array.from({ length: count }, (_, i) => addDays(date, i));
}

/** The zone's opening hours on that date; a plain working day where it is closed. */
export function openingSpan(zone: Zone, date: string): Span {
  const hours = zone.opening_hours[weekday(date)] ?? { opens: 8 * 60, closes: 18 * 60 };
  const from = instantOf({ date, minutes: hours.opens }, zone.time_zone);
  if (hours.closes >= 24 * 60) return { from, to: startOfDay(addDays(date, 1), zone.time_zone) };
  return { from, to: instantOf({ date, minutes: hours.closes }, zone.time_zone) };
}

/** The span with the hours around `hour`, so that the line of now never stands at an edge. */
export function withAround(span: Span, hour: number | null): Span {
  if (hour === null) return span;
  return { from: Math.min(span.from, hour - HOUR), to: Math.max(span.to, hour + 2 * HOUR) };
}

/** Full hours that hold everything there is, and never less than the span `least`. */
export function axisOf(board: Board, least: Span): Span {
  let { from, to } = least;
  for (const job of board.jobs.values()) {
    if (job.status === 'cancelled') continue;
    const start = startOf(job);
    from = Math.min(from, start - job.travel_buffer_minutes * MINUTE);
    to = Math.max(to, start + job.duration_minutes * MINUTE);
  }
  for (const day of board.days) {
    for (const shift of day.shifts) {
      from = Math.min(from, Date.parse(shift.starts_at));
      to = Math.max(to, Date.parse(shift.ends_at));
    }
  }
  return { from: Math.floor(from / HOUR) * HOUR, to: Math.ceil(to / HOUR) * HOUR };
}

/** The instant on the grid nearest to `at`. */
export function snap(at: number, step: number): number {
  return Math.round(at / step) * step;
}

/** One step later or earlier, on the grid. */
export function stepFrom(at: number, by: 1 | -1, step: number): number {
  return by > 0 ? (Math.floor(at / step) + 1) * step : (Math.ceil(at / step) - 1) * step;
}

/** Where a bar lands that began at `start` and was carried by `px`. */
export function carried(start: number, px: number, hourPx: number, step: number): number {
  return Math.abs(px) < MAGNET_PX ? start : snap(start + (px / hourPx) * HOUR, step);
}

/** What a job would take of a cleaner's time if it began then. */
export function busyAt(job: Parameters<typeof busySpan>[0], start: number): Span {
  return busySpan({ ...job, starts_at: new Date(start).toISOString() });
}
