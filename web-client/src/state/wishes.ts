/**
 * What a dispatcher wants of a job, as data: which command that is, how the board looks until it is
 * answered, and what takes it back. Pure.
 */
import type { CommandKinds, JobRow, JobStatus } from '../wire';
import { type Intent, seatFor, startOf } from './control';

export type Wish =
  /** To a cleaner, to another time, or both; `null` leaves that as it is. */
  | {
      readonly kind: 'put';
      readonly job: string;
      /** The seat that is meant; `null` takes the one that an assignment fills. */
      readonly seat: number | null;
      readonly cleaner: string | null;
      readonly start: number | null;
    }
  /** Off its crew; a `null` seat empties all of them. */
  | { readonly kind: 'vacate'; readonly job: string; readonly seat: number | null };

export type Sent =
  | { readonly kind: 'job.assign'; readonly parameters: CommandKinds['job.assign'] }
  | { readonly kind: 'job.move'; readonly parameters: CommandKinds['job.move'] }
  | { readonly kind: 'job.unassign'; readonly parameters: CommandKinds['job.unassign'] };

/** The wish as it stands to the job: `null` where there is nothing to do. */
interface Plan {
  readonly sent: Sent;
  readonly intent: Intent;
  /** What makes it undone, in order. */
  readonly back: readonly Wish[];
}

export function planOf(wish: Wish, job: JobRow): Plan | null {
  return wish.kind === 'vacate' ? vacation(wish.seat, job) : placement(wish, job);
}

function vacation(seat: number | null, job: JobRow): Plan | null {
  const taken = job.seats.flatMap((cleaner, at) =>
    cleaner !== null && (seat === null || seat === at) ? [{ cleaner, seat: at }] : [],
  );
  if (taken.length === 0) return null;
  const which = seat === null ? {} : { seat };
  return {
    sent: { kind: 'job.unassign', parameters: { job: job.id, ...which, expected_version: job.version } },
    intent: { kind: 'unassign', job: job.id, seat },
    back: taken.map((each) => ({ kind: 'put', job: job.id, start: null, ...each })),
  };
}

function placement(wish: Extract<Wish, { kind: 'put' }>, job: JobRow): Plan | null {
  const start = wish.start === null || wish.start === startOf(job) ? null : wish.start;
  const cleaner = wish.cleaner !== null && job.seats.includes(wish.cleaner) ? null : wish.cleaner;
  const base = { job: job.id, expected_version: job.version };
  if (cleaner === null) {
    if (start === null) return null;
    return {
      sent: { kind: 'job.move', parameters: { ...base, start: new Date(start).toISOString() } },
      intent: { kind: 'move', job: job.id, start, to: null },
      back: [{ kind: 'put', job: job.id, seat: null, cleaner: null, start: startOf(job) }],
    };
  }
  const seat = wish.seat ?? seatFor(job);
  const former = job.seats[seat] ?? null;
  const leaves: Wish = { kind: 'vacate', job: job.id, seat };
  if (start === null) {
    return {
      sent: { kind: 'job.assign', parameters: { ...base, cleaner, seat } },
      intent: { kind: 'assign', job: job.id, cleaner, seat },
      back: [former === null ? leaves : { kind: 'put', job: job.id, seat, cleaner: former, start: null }],
    };
  }
  const home: Wish = { kind: 'put', job: job.id, seat, cleaner: former, start: startOf(job) };
  return {
    sent: {
      kind: 'job.move',
      parameters: { ...base, cleaner, seat, start: new Date(start).toISOString() },
    },
    intent: { kind: 'move', job: job.id, start, to: { cleaner, seat } },
    back: former === null ? [leaves, home] : [home],
  };
}

/** What somebody else did to a job in the meantime. */
export type Change =
  | { readonly kind: 'moved'; readonly start: number }
  | { readonly kind: 'given'; readonly cleaner: string }
  | { readonly kind: 'vacated' }
  | { readonly kind: 'status'; readonly status: JobStatus }
  | { readonly kind: 'gone' }
  | { readonly kind: 'other' };

export function changeBetween(before: JobRow, now: JobRow | null): Change {
  if (now === null) return { kind: 'gone' };
  if (startOf(now) !== startOf(before)) return { kind: 'moved', start: startOf(now) };
  const given = now.seats.find((cleaner) => cleaner !== null && !before.seats.includes(cleaner));
  if (given !== undefined && given !== null) return { kind: 'given', cleaner: given };
  if (before.seats.some((cleaner) => cleaner !== null && !now.seats.includes(cleaner))) {
    return { kind: 'vacated' };
  }
  return now.status === before.status ? { kind: 'other' } : { kind: 'status', status: now.status };
}
