/** A date and a time on a zone's wall, as inputs have them, and the instant that is meant. Pure. */
import { addDays, instantOf, wallTime } from '../zoned';
import { clockMinutes, clockText } from './week';

export interface Span {
  readonly date: string;
  readonly from: string;
  readonly to: string;
}

/** From a beginning and an end; an end that is not after the beginning is on the next day. */
export function instantsOf(span: Span, timeZone: string): { start: string; end: string } | null {
  const [from, to] = [clockMinutes(span.from), clockMinutes(span.to)];
  if (!isDate(span.date) || from === null || to === null || from === 24 * 60) return null;
  const start = instantOf({ date: span.date, minutes: from }, timeZone);
  const end =
    to > from
      ? endOf(span.date, to, timeZone)
      : instantOf({ date: addDays(span.date, 1), minutes: to }, timeZone);
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
}

function endOf(date: string, minutes: number, timeZone: string): number {
  return minutes === 24 * 60
    ? instantOf({ date: addDays(date, 1), minutes: 0 }, timeZone)
    : instantOf({ date, minutes }, timeZone);
}

export function spanOf(start: string, end: string, timeZone: string): Span {
  const [from, to] = [wallTime(Date.parse(start), timeZone), wallTime(Date.parse(end), timeZone)];
  return { date: from.date, from: clockText(from.minutes), to: clockText(to.minutes) };
}

export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

/** Whole local days, the last one included, as a range of instants. */
export function daysRange(from: string, until: string, timeZone: string): { from: string; until: string } {
  return {
    from: new Date(instantOf({ date: from, minutes: 0 }, timeZone)).toISOString(),
    until: new Date(instantOf({ date: addDays(until, 1), minutes: 0 }, timeZone)).toISOString(),
  };
}
