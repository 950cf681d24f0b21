/**
 * From the counts of free cleaners to what a customer may choose now: enough people for the crew, not
 * sooner than the lead time, not beyond the booking window. The server checks the same when it is asked.
 */
import type { Slots } from '../hub/reducer';
import type { Service } from '../wire';
import { wallTime } from './zoned';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Starts in order, each with how many visits still fit. */
export type Openings = ReadonlyMap<number, number>;

export function openings(slots: Slots, service: Service, now: number): Openings {
  const { earliest, latest } = bounds(service, now);
  const open: [number, number][] = [];
  for (const [start, free] of slots.get(service.slug) ?? []) {
    const left = Math.floor(free / service.crew_size);
    if (left >= 1 && start >= earliest && start <= latest) open.push([start, left]);
  }
  return new Map(open.sort(([a], [b]) => a - b));
}

export function bounds(service: Service, now: number): { earliest: number; latest: number } {
  return {
    earliest: now + service.lead_time_minutes * MINUTE,
    latest: now + service.booking_window_days * DAY,
  };
}

export type PartOfDay = 'morning' | 'day' | 'evening';

/** By the zone's wall clock: until noon, until five, after. */
export function partOfDay(start: number, timeZone: string): PartOfDay {
  const { minutes } = wallTime(start, timeZone);
  if (minutes < 12 * 60) return 'morning';
  return minutes < 17 * 60 ? 'day' : 'evening';
}
