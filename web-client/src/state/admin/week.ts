/** Hours as people write them, and as the server keeps them: minutes from midnight. Pure. */
import type { OpeningHours, ShiftHours } from '../../wire';

/** `08:00`; `24:00` is the day's end. */
export function clockText(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return `${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}

const CLOCK = /^(\d{1,2})[:.]?(\d{2})$|^(\d{1,2})$/;

/** Minutes from midnight; `null` for what is no time. */
export function clockMinutes(text: string): number | null {
  const found = CLOCK.exec(text.trim());
  if (found === null) return null;
  const [hours, minutes] = [Number(found[1] ?? found[3]), Number(found[2] ?? 0)];
  const all = hours * 60 + minutes;
  return minutes < 60 && all <= 24 * 60 ? all : null;
}

/** `08:00–16:00`, several apart by commas; nothing is a day without. An end before its beginning is on the
 * next day. */
export function hoursText(hours: readonly ShiftHours[]): string {
  return hours
    .map(({ starts, ends }) => `${clockText(starts)}–${clockText(ends > 24 * 60 ? ends - 24 * 60 : ends)}`)
    .join(', ');
}

export function readHours(text: string): ShiftHours[] | null {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const hours = parts.map((part) => {
    const [from, to, ...more] = part.split(/[–—-]/);
    const [starts, end] = [clockMinutes(from ?? ''), clockMinutes(to ?? '')];
    if (starts === null || end === null || more.length > 0 || starts === 24 * 60) return null;
    return { starts, ends: end > starts ? end : end + 24 * 60 };
  });
  return hours.every((each) => each !== null) ? hours : null;
}

export type DayText = { readonly open: boolean; readonly from: string; readonly to: string };

export function dayText(hours: OpeningHours | null): DayText {
  if (hours === null) return { open: false, from: '08:00', to: '20:00' };
  return { open: true, from: clockText(hours.opens), to: clockText(hours.closes) };
}

/** `undefined` for what is no hours. */
export function readDay(day: DayText): OpeningHours | null | undefined {
  if (!day.open) return null;
  const [opens, closes] = [clockMinutes(day.from), clockMinutes(day.to)];
  if (opens === null || closes === null || opens >= closes) return undefined;
  return { opens, closes };
}

/** A name as an address has it: `Old Town` → `old-town`; what is not Latin is spelled out where it can be. */
export function slugOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[а-яёіїєґ]/g, (letter) => CYRILLIC[letter] ?? '')
    .replace(/ß/g, 'ss')
    .normalize('NFD')
    .replace(/[^a-z0-9]+/g, (found) => (/^[\u0300-\u036f]+$/.test(found) ? '' : '-'));
  return plain
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
}

const CYRILLIC: Readonly<Record<string, string>> = {
  ...{ а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ё: 'yo', ж: 'zh', з: 'z', и: 'i', й: 'y', к: 'k' },
  ...{ л: 'l', м: 'm', н: 'n', о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f', х: 'kh', ц: 'ts' },
  ...{ ч: 'ch', ш: 'sh', щ: 'shch', ы: 'y', э: 'e', ю: 'yu', я: 'ya', і: 'i', ї: 'yi', є: 'ye', ґ: 'g' },
};
