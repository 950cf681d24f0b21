/**
 * Who else is in the control room, as far as one dispatcher sees it: what colleagues look at, and who
 * says to be editing which job. Advice for people: nothing is kept from anybody by it. Pure.
 */
import type { JobLock, PresenceRow, PresentDispatcher } from '../wire';

export interface Colleague {
  readonly id: string;
  readonly name: string;
  readonly initials: string;
  /** What they look at. */
  readonly job: string | null;
  readonly typing: boolean;
}

/** What is known of who is there. */
export interface Company {
  /** The others of the staff, by name. */
  readonly colleagues: readonly Colleague[];
  /** Those who look at a job. */
  readonly watching: ReadonlyMap<string, readonly Colleague[]>;
  readonly locks: ReadonlyMap<string, JobLock>;
  readonly counts: PresenceRow['counts'] | null;
}

export const NOBODY: Company = {
  colleagues: [],
  watching: new Map(),
  locks: new Map(),
  counts: null,
};

export function companyOf(row: PresenceRow | null, me: string): Company {
  if (row === null) return NOBODY;
  const colleagues = row.dispatchers.filter(({ id }) => id !== me).map(colleague);
  const watching = new Map<string, Colleague[]>();
  for (const each of colleagues) {
    if (each.job === null) continue;
    watching.set(each.job, [...(watching.get(each.job) ?? []), each]);
  }
  const locks = new Map(row.locks.map((lock) => [lock.job, lock] as const));
  return { colleagues, watching, locks, counts: row.counts };
}

function colleague({ id, name, focus }: PresentDispatcher): Colleague {
  return {
    id,
    name,
    initials: initials(name),
    job: focus?.job ?? null,
    typing: focus?.typing ?? false,
  };
}

/** The first letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.split(/[\s@.-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : undefined];
  const first = letters.map((word) => (word === undefined ? '' : ([...word][0] ?? '')));
  return first.join('').toLocaleUpperCase() || '?';
}

/** A job as one sees it whom others may be ahead of. */
export type Lock =
  | { readonly kind: 'free' }
  | { readonly kind: 'mine' }
  | { readonly kind: 'theirs'; readonly name: string; readonly initials: string };

export function lockOn(company: Company, job: string, me: string): Lock {
  const lock = company.locks.get(job);
  if (lock === undefined) return { kind: 'free' };
  if (lock.holder === me) return { kind: 'mine' };
  return { kind: 'theirs', name: lock.name, initials: initials(lock.name) };
}

/** Who has taken the job over that this dispatcher held; `null` where that did not happen. What was held
 * is known from the server's answer: two take-overs can lie between two states that are told. */
export function takenOverBy(held: JobLock | null, company: Company, me: string): JobLock | null {
  const has = held === null ? undefined : company.locks.get(held.job);
  if (held === null || has === undefined || has.holder === me || has.taken_from !== me) return null;
  return Date.parse(has.since) >= Date.parse(held.since) ? has : null;
}
