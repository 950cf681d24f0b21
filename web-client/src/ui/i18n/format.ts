/** Times, days and money in the reader's language, in the zone's wall time. */
import { addDays, localDate } from '../../state/zoned';

export interface Format {
  time(at: number | string, timeZone: string): string;
  range(from: number | string, to: number | string, timeZone: string): string;
  /** `Fri 20 Nov` */
  day(date: string): string;
  /** `Friday, 20 November` */
  longDay(date: string): string;
  weekday(date: string): string;
  dayOfMonth(date: string): string;
  /** Time with the day in front of it unless that is today. */
  moment(at: number | string, timeZone: string, now: number): string;
  /** For the middle of a sentence: `today 21:11` or `Sat 21 Nov, 21:11`. */
  until(at: number | string, timeZone: string, now: number): string;
  /** `today`, `tomorrow` or the long day. */
  relativeDay(date: string, timeZone: string, now: number): string;
  money(minor: number, currency: string): string;
  decimal(value: number): string;
  list(items: readonly string[]): string;
  /** `4:41` */
  countdown(ms: number): string;
}

interface Words {
  readonly today: string;
  readonly tomorrow: string;
}

const instant = (at: number | string) => (typeof at === 'string' ? Date.parse(at) : at);
const noon = (date: string) => Date.parse(`${date}T12:00:00Z`);

function cached<A extends string, T>(make: (key: A) => T): (key: A) => T {
  const known = new Map<A, T>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

export function makeFormat(locale: string, words: Words): Format {
  const clockOf = cached(
    (timeZone: string) =>
      new Intl.DateTimeFormat(locale, { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  );
  const dated = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options });
    return (date: string) => format.format(noon(date));
  };
  const day = dated({ weekday: 'short', day: 'numeric', month: 'short' });
  const longDay = dated({ weekday: 'long', day: 'numeric', month: 'long' });
  const currencyOf = cached(
    (currency: string) => new Intl.NumberFormat(locale, { style: 'currency', currency }),
  );
  const wholeOf = cached(
    (currency: string) =>
      new Intl.NumberFormat(locale, { style: 'currency', currency, maximumFractionDigits: 0 }),
  );
  const decimals = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  const time = (at: number | string, timeZone: string) => clockOf(timeZone).format(instant(at));
  return {
    time,
    range: (from, to, timeZone) => `${time(from, timeZone)}–${time(to, timeZone)}`,
    day,
    longDay,
    weekday: dated({ weekday: 'short' }),
    dayOfMonth: dated({ day: 'numeric' }),
    moment: (at, timeZone, now) => {
      const date = localDate(instant(at), timeZone);
      const clock = time(at, timeZone);
      return date === localDate(now, timeZone) ? clock : `${day(date)}, ${clock}`;
    },
    until: (at, timeZone, now) => {
      const date = localDate(instant(at), timeZone);
      const clock = time(at, timeZone);
      const today = date === localDate(now, timeZone);
      return today ? `${words.today.toLocaleLowerCase(locale)} ${clock}` : `${day(date)}, ${clock}`;
    },
    relativeDay: (date, timeZone, now) => {
      const today = localDate(now, timeZone);
      if (date === today) return words.today;
      return date === addDays(today, 1) ? words.tomorrow : longDay(date);
    },
    money: (minor, currency) => {
      const digits = currencyOf(currency).resolvedOptions().maximumFractionDigits ?? 2;
      const major = minor / 10 ** digits;
      return (Number.isInteger(major) ? wholeOf : currencyOf)(currency).format(major);
    },
    decimal: (value) => decimals.format(value),
    list: (items) => lists.format(items),
    countdown: (ms) => {
      const seconds = Math.max(0, Math.floor(ms / 1000));
      return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    },
  };
}
