/**
 * Wall time of a zone: local dates, minutes from midnight, and the instant a local day begins. Days are
 * 23 to 25 hours long and may have no midnight, so nothing here multiplies by 24 hours.
 */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface WallTime {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** Of the wall clock, from 00:00. */
  readonly minutes: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  let known = formatters.get(timeZone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formatters.set(timeZone, known);
  }
  return known;
}

export function wallTime(at: number, timeZone: string): WallTime {
  const parts: Record<string, string> = {};
  for (const { type, value } of formatter(timeZone).formatToParts(at)) parts[type] = value;
  return {
    date: `${parts.year}-${parts.month}-${parts.day}`,
    minutes: Number(parts.hour) * 60 + Number(parts.minute),
  };
}

export function localDate(at: number, timeZone: string): string {
  return wallTime(at, timeZone).date;
}

export function addDays(date: string, days: number): string {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** 0 is Monday. */
export function weekday(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** The first instant of a local date. */
export function startOfDay(date: string, timeZone: string): number {
  const nominal = Date.parse(`${date}T00:00:00Z`);
  // No zone is further than 14 hours from UTC; days begin on a whole quarter of an hour.
  let [before, from] = [nominal - 26 * HOUR, nominal + 26 * HOUR];
  while (from - before > 15 * MINUTE) {
    const middle = before + Math.floor((from - before) / 2 / (15 * MINUTE)) * 15 * MINUTE;
    if (localDate(middle, timeZone) < date) before = middle;
    else from = middle;
  }
  return from;
}

/** The instant at which a zone's wall clock first shows these minutes on that date. */
export function instantOf({ date, minutes }: WallTime, timeZone: string): number {
  const start = startOfDay(date, timeZone);
  const guess = start + minutes * MINUTE;
  const shown = wallTime(guess, timeZone);
  if (shown.date !== date) return guess;
  return guess + (minutes - shown.minutes) * MINUTE;
}
