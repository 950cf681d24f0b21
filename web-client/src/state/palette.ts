/**
 * What can be gone to from anywhere in the control room by typing: commands, dates, zones, cleaners and
 * jobs of the day at once, and what the server finds a moment later. Here is how a text is read and what
 * it matches. Pure.
 */
import { addDays, weekday } from './zoned';

export interface Entry<T> {
  /** What it is found by, the first also what it is called. */
  readonly words: readonly string[];
  readonly value: T;
}

/** Entries in which every word of the text begins a word; those that begin with the text come first. */
export function matching<T>(text: string, entries: readonly Entry<T>[], limit: number): readonly T[] {
  const wanted = plain(text);
  if (wanted === '') return [];
  const parts = wanted.split(' ');
  const found: { readonly value: T; readonly rank: number }[] = [];
  for (const { words, value } of entries) {
    const all = plain(words.join(' '));
    const begin = all.split(/[\s/·-]+/u);
    if (!parts.every((part) => begin.some((word) => word.startsWith(part)) || all.startsWith(part))) continue;
    found.push({ value, rank: all.startsWith(wanted) ? 0 : 1 });
  }
  found.sort((a, b) => a.rank - b.rank);
  return found.slice(0, limit).map(({ value }) => value);
}

export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/gu, ' ').trim();
}

/** What days are called in the reader's language. */
export interface DayNames {
  /** For today, tomorrow and yesterday. */
  readonly near: Readonly<Record<-1 | 0 | 1, readonly string[]>>;
  /** Monday first; full and short. */
  readonly weekdays: readonly (readonly string[])[];
  /** January first; full and short, as they stand beside a number. */
  readonly months: readonly (readonly string[])[];
}

export function dayNames(
  locale: string,
  words: { today: string; tomorrow: string; yesterday: string },
): DayNames {
  const named = (options: Intl.DateTimeFormatOptions, at: number) =>
    new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options })
      .formatToParts(at)
      .filter(({ type }) => type === 'weekday' || type === 'month')
      .map(({ value }) => plain(value).replace(/\.$/u, ''));
  // A Monday.
  const monday = Date.UTC(2024, 0, 1);
  const DAY = 86_400_000;
  return {
    near: { [-1]: [plain(words.yesterday)], 0: [plain(words.today)], 1: [plain(words.tomorrow)] },
    weekdays: Array.from({ length: 7 }, (_, i) => [
      ...named({ weekday: 'long' }, monday + i * DAY),
      ...named({ weekday: 'short' }, monday + i * DAY),
    ]),
    months: Array.from({ length: 12 }, (_, i) => [
      ...named({ day: 'numeric', month: 'long' }, Date.UTC(2024, i, 1)),
      ...named({ day: 'numeric', month: 'short' }, Date.UTC(2024, i, 1)),
    ]),
  };
}

/** The date that a text means: `2026-11-20`, `20.11`, `20/11/2026`, `20 nov`, `tomorrow`, `fri`, `+3`. Without
 * a year it is the one nearest to today. */
export function dateIn(text: string, today: string, names: DayNames): string | null {
  const said = plain(text);
  if (said === '') return null;
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/u.exec(said);
  if (iso !== null) return real(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const by = /^([+-]\d{1,3})$/u.exec(said);
  if (by !== null) return addDays(today, Number(by[1]));
  const numbers = /^(\d{1,2})[./](\d{1,2})[./]?(\d{4})?$/u.exec(said);
  if (numbers !== null) return near(Number(numbers[1]), Number(numbers[2]), numbers[3], today);
  const month = /^(\d{1,2})\.? (\p{L}{3,})\.?(?: (\d{4}))?$/u.exec(said);
  if (month !== null) {
    const at = named(month[2] ?? '', names.months);
    return at === -1 ? null : near(Number(month[1]), at + 1, month[3], today);
  }
  if (said.length < 2) return null;
  for (const days of [0, 1, -1] as const) {
    if (said.length > 2 && names.near[days].some((name) => name.startsWith(said)))
      return addDays(today, days);
  }
  const day = named(said, names.weekdays);
  return day === -1 ? null : addDays(today, (day - weekday(today) + 7) % 7);
}

function named(word: string, names: DayNames['weekdays']): number {
  const exact = names.findIndex((forms) => forms.includes(word));
  if (exact !== -1 || word.length < 3) return exact;
  return names.findIndex((forms) => forms.some((form) => form.startsWith(word)));
}

function near(day: number, month: number, year: string | undefined, today: string): string | null {
  if (year !== undefined) return real(Number(year), month, day);
  const now = Number(today.slice(0, 4));
  const far = (date: string) => Math.abs(Date.parse(date) - Date.parse(today));
  const dates = [now - 1, now, now + 1].flatMap((each) => real(each, month, day) ?? []);
  return dates.sort((a, b) => far(a) - far(b))[0] ?? null;
}

/** `null` where there is no such day. */
function real(year: number, month: number, day: number): string | null {
  const at = new Date(Date.UTC(year, month - 1, day));
  const is = at.getUTCFullYear() === year && at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
  return is ? at.toISOString().slice(0, 10) : null;
}
