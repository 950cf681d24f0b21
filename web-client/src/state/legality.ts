/**
 * Whether a job may go to a cleaner at a time: by the server's answer to `job.targets` where it is there,
 * by what this page can see until then. A start between the quarters of an hour, and one on another date
 * than the job's, were not asked about: there the page's own look has to do, and the command decides. Pure.
 */
import type { JobRow, Rejection, Service, Targets } from '../wire';
import { type CleanerDay, type Obstacle, obstacle, startOf } from './control';
import { STEP_MS } from './controlAxis';

/** Why not, or what to mind. */
export type Reason =
  | Obstacle
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'elsewhere'; readonly start: number }
  | { readonly kind: 'impossible' }
  | { readonly kind: 'past' }
  | { readonly kind: 'off_duty' };

export interface Verdict {
  readonly kind: 'legal' | 'soft' | 'illegal';
  readonly reason: Reason | null;
  /** It is the server's word. */
  readonly sure: boolean;
}

/** The server's answer, ready to be looked things up in. */
export interface Answered {
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly cleaners: ReadonlyMap<
    string,
    { readonly starts: ReadonlySet<number>; readonly against: Rejection | null }
  >;
}

export function readTargets(targets: Targets, job: JobRow, day: { from: number; to: number }): Answered {
  const cleaners = targets.cleaners.map(
    ({ cleaner, starts, against }) =>
      [cleaner, { starts: new Set(starts.map((start) => Date.parse(start))), against }] as const,
  );
  const start = startOf(job);
  return {
    version: targets.version,
    from: Math.min(day.from, start),
    to: Math.max(day.to, start + 1),
    cleaners: new Map(cleaners),
  };
}

export interface Question {
  readonly job: JobRow;
  readonly day: CleanerDay;
  readonly start: number;
  readonly service: Service | undefined;
  readonly answered: Answered | null;
  readonly now: number;
}

const SOON_MS = 2 * 3_600_000;

export function judge(question: Question): Verdict {
  const { job, day, start, answered, now } = question;
  const own = startOf(job);
  const stays = start === own;
  if (stays && job.seats.includes(day.cleaner.id)) return { kind: 'legal', reason: null, sure: true };
  if (!stays && start < now) return { kind: 'illegal', reason: { kind: 'past' }, sure: true };
  const known = answered?.cleaners.get(day.cleaner.id);
  const covered =
    answered !== null && start >= answered.from && start < answered.to && (stays || start % STEP_MS === 0);
  if (!covered) return ownLook(question);
  if (known === undefined) return { kind: 'illegal', reason: { kind: 'inactive' }, sure: true };
  if (stays ? known.against === null : known.starts.has(start)) return withWarnings(question, true);
  return { kind: 'illegal', reason: reasonAgainst(question, known), sure: true };
}

function reasonAgainst(
  { job, day, start, service }: Question,
  known: { readonly starts: ReadonlySet<number>; readonly against: Rejection | null },
): Reason {
  if (start === startOf(job) && known.against !== null) return { kind: 'rejected', rejection: known.against };
  const seen = obstacleAt(job, day, start, service);
  if (seen !== null && seen.kind !== 'crew') return seen;
  return { kind: 'impossible' };
}

function ownLook(question: Question): Verdict {
  const { job, day, start, service } = question;
  const found = obstacleAt(job, day, start, service);
  if (found === null || (found.kind === 'crew' && start !== startOf(job)))
    return withWarnings(question, false);
  return { kind: 'illegal', reason: found, sure: false };
}

/** What this page sees in the way of it. */
export function obstacleAt(
  job: JobRow,
  day: CleanerDay,
  start: number,
  service: Service | undefined,
): Obstacle | null {
  if (start === startOf(job)) return obstacle(job, day, service);
  const moved = { ...job, starts_at: new Date(start).toISOString(), seats: [] };
  return obstacle(moved, day, service);
}

/** Nothing is against it, but somebody who is off duty has to be told first. */
function withWarnings({ day, start, now }: Question, sure: boolean): Verdict {
  if (day.cleaner.duty !== 'on' && start - now < SOON_MS) {
    return { kind: 'soft', reason: { kind: 'off_duty' }, sure };
  }
  return { kind: 'legal', reason: null, sure };
}

/** The cleaner's legal start nearest to one. */
export function nearestStart(answered: Answered | null, cleaner: string, to: number): number | null {
  let best: number | null = null;
  for (const start of answered?.cleaners.get(cleaner)?.starts ?? []) {
    if (best === null || Math.abs(start - to) < Math.abs(best - to)) best = start;
  }
  return best;
}

/** Of several verdicts on one place the worst. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  const rank = { legal: 0, soft: 1, illegal: 2 } as const;
  let found: Verdict = { kind: 'legal', reason: null, sure: true };
  for (const next of verdicts) if (rank[next.kind] > rank[found.kind]) found = next;
  const sure = found.kind === 'illegal' ? found.sure : verdicts.every((each) => each.sure);
  return { kind: found.kind, reason: found.reason, sure };
}
