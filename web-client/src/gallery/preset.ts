/** What a screen of the gallery is shown with: rows and answers by the wire's types, and what is done to it. */
import type { Outbox } from '../hub/outbox';
import type { Outcome } from '../hub/outcome';
import type { Area, User } from '../hub/session';
import { addDays, localDate, startOfDay } from '../state/zoned';
import type { LiveRow, QueryAnswers, Row, Service, SlotsBody, Zone } from '../wire';

/** Something that is done once the page is there, in order. Elements are named by selectors of CSS. */
export type Act =
  | { readonly kind: 'see'; readonly what: string }
  | { readonly kind: 'click'; readonly what: string }
  | { readonly kind: 'fill'; readonly what: string; readonly with: string }
  | { readonly kind: 'key'; readonly key: string }
  /** Cut off, without a network at all, or connected and never brought up to date. */
  | { readonly kind: 'network'; readonly as: 'cut' | 'offline' | 'stalled' };

export type Size = 'phone' | 'desk';

export interface Preset {
  readonly path: string;
  readonly area: Area;
  readonly user: User | null;
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
  /** By channel. */
  readonly rows?: Readonly<Record<string, readonly Row[]>>;
  readonly slots?: Readonly<Record<string, SlotsBody['free']>>;
  readonly live?: Readonly<Record<string, readonly LiveRow[]>>;
  readonly closed?: readonly string[];
  /** Over the socket and over HTTP alike. */
  readonly answers?: Partial<QueryAnswers>;
  /** By `GET /path`, whatever is asked for behind it. */
  readonly http?: Readonly<Record<string, unknown>>;
  /** What every command is answered with; never, where it is absent. */
  readonly outcome?: Outcome;
  /** Nothing is said again: the screen hears no more after what it began with. */
  readonly silent?: boolean;
  readonly outbox?: Outbox;
  readonly acts?: readonly Act[];
  /** There once all is done. */
  readonly shows: string;
  /** Both, where it is absent. */
  readonly sizes?: readonly Size[];
}

/** A day whose noon is not far from now, in a zone that lies where that is so: a picture taken at night shows
 * the same as one taken at work. */
export interface Today {
  readonly now: number;
  readonly timeZone: string;
  readonly date: string;
  /** A time on the zone's wall clock. */
  readonly at: (hour: number, minute?: number) => string;
  /** So many minutes from now, to the minute. */
  readonly in: (minutes: number) => string;
  /** A local date so many days from now. */
  readonly day: (days: number) => string;
}

const MINUTE = 60_000;
const HOUR_THERE = 11;

export function todayAt(now: number): Today {
  const east = HOUR_THERE - new Date(now).getUTCHours();
  // The zones of this family have their sign turned around.
  const timeZone = east === 0 ? 'Etc/GMT' : `Etc/GMT${east > 0 ? '-' : '+'}${Math.abs(east)}`;
  const date = localDate(now, timeZone);
  const midnight = startOfDay(date, timeZone);
  return {
    now,
    timeZone,
    date,
    at: (hour, minute = 0) => new Date(midnight + (hour * 60 + minute) * MINUTE).toISOString(),
    in: (minutes) => new Date(Math.floor(now / MINUTE + minutes) * MINUTE).toISOString(),
    day: (days) => addDays(date, days),
  };
}

/** The states of a screen by their names. */
export type Presets = Readonly<Record<string, (today: Today) => Preset>>;
