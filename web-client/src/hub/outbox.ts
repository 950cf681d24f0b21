/**
 * What somebody did on this device and the server has not yet answered: in order, each under the id that it
 * was made with, so that sending it again is harmless. Pure: knows no storage, no connection and no clock.
 */
import type { CommandKinds, Fate, JobStatus } from '../wire';
import { isTemporary, type Objection, type Outcome } from './outcome';

/** Steps on a job of one's own. */
export type StepKind =
  | 'job.acknowledge'
  | 'job.depart'
  | 'job.arrive'
  | 'job.start'
  | 'job.pause'
  | 'job.resume'
  | 'job.complete'
  | 'job.no_access';

export type ActionKind = StepKind | 'job.withdraw' | 'job.claim' | 'duty.set';

export type Action = {
  readonly [K in ActionKind]: { readonly kind: K; readonly parameters: CommandKinds[K] };
}[ActionKind];

export type Standing =
  | { readonly kind: 'waiting'; readonly tries: number }
  | { readonly kind: 'done'; readonly at: number }
  /** The server said no, or will never say anything. */
  | {
      readonly kind: 'failed';
      readonly at: number;
      readonly objection: Objection;
      /** What became of the job; `null` where that is not known or it is theirs still. */
      readonly fate: Fate | null;
    }
  /** Not sent, because an earlier one on the same job failed. */
  | { readonly kind: 'dropped'; readonly at: number; readonly because: ActionKind };

export interface Entry {
  /** The command's id. */
  readonly id: string;
  readonly account: string;
  readonly action: Action;
  /** The job's number, for telling which one it is when it is gone. */
  readonly number: number | null;
  /** Grows from one to the next. */
  readonly order: number;
  /** By the server's clock, as far as it was known. */
  readonly madeAt: number;
  readonly standing: Standing;
}

export type Outbox = readonly Entry[];

/** The state that a step leads to. */
export const REACHES: Record<StepKind, JobStatus> = {
  'job.acknowledge': 'acknowledged',
  'job.depart': 'en_route',
  'job.arrive': 'arrived',
  'job.start': 'in_progress',
  'job.pause': 'paused',
  'job.resume': 'in_progress',
  'job.complete': 'completed',
  'job.no_access': 'no_access',
};

export function isStep(kind: ActionKind): kind is StepKind {
  return kind in REACHES;
}

/** Refusals of the server's own making are tried so often. */
const INTERNAL_TRIES = 5;
/** How long the answers are told: a success in passing, a failure until it is read. */
const DONE_MS = 20_000;
const FAILED_MS = 24 * 3_600_000;

/** What later actions build upon. */
export function subjectOf(action: Action): string {
  return 'job' in action.parameters ? action.parameters.job : 'duty';
}

export function isWaiting(entry: Entry): boolean {
  return entry.standing.kind === 'waiting';
}

export function waiting(outbox: Outbox): Outbox {
  return outbox.filter(isWaiting);
}

/** What the server has to be asked next. */
export function head(outbox: Outbox): Entry | null {
  return outbox.find(isWaiting) ?? null;
}

/** What somebody did last is what counts: failures of the same subject are read by then. */
export function queued(outbox: Outbox, entry: Entry): Outbox {
  const subject = subjectOf(entry.action);
  const kept = outbox.filter((other) => isWaiting(other) || subjectOf(other.action) !== subject);
  return [...kept, entry];
}

/** In the order in which they were made. */
export function ordered(entries: Iterable<Entry>): Outbox {
  return [...entries].sort((a, b) => a.order - b.order);
}

export function nextOrder(outbox: Outbox): number {
  return outbox.reduce((highest, { order }) => Math.max(highest, order), 0) + 1;
}

/** The server's answer, or that there was none. */
export function settled(outbox: Outbox, id: string, outcome: Outcome, at: number): Outbox {
  const entry = outbox.find((other) => other.id === id);
  if (entry === undefined || entry.standing.kind !== 'waiting') return outbox;
  const standing = standingAfter(entry, entry.standing.tries, outcome, at);
  const replaced = outbox.map((other) => (other === entry ? { ...entry, standing } : other));
  return standing.kind === 'failed' ? dropFollowing(replaced, entry, at) : replaced;
}

function standingAfter({ action }: Entry, tries: number, outcome: Outcome, at: number): Standing {
  if (outcome.outcome === 'accepted' || isThereAlready(action, outcome)) return { kind: 'done', at };
  if (isUndecided(outcome, tries)) return { kind: 'waiting', tries: tries + 1 };
  return { kind: 'failed', at, objection: outcome, fate: null };
}

/** A dispatcher has done the same in the meantime: the job stands where it should. */
function isThereAlready({ kind }: Action, objection: Objection): boolean {
  if (objection.outcome !== 'rejected' || objection.code !== 'illegal_transition') return false;
  return isStep(kind) && objection.details.from === REACHES[kind];
}

function isUndecided(objection: Objection, tries: number): boolean {
  if (objection.outcome === 'rejected') return false;
  // Without a sign-in nothing is sent until there is one.
  if (objection.code === 'unauthenticated') return true;
  if (objection.code === 'internal') return tries + 1 < INTERNAL_TRIES;
  return isTemporary(objection);
}

/** The job that is not theirs any more, where that is why it failed. */
export function lostJob({ action, standing }: Entry): string | null {
  if (standing.kind !== 'failed' || !('job' in action.parameters)) return null;
  const { objection } = standing;
  return objection.outcome === 'refused' && objection.code === 'not_found' ? action.parameters.job : null;
}

/** It has been found out what became of the job. */
export function explained(outbox: Outbox, id: string, fate: Fate): Outbox {
  return outbox.map((entry) =>
    entry.id === id && entry.standing.kind === 'failed'
      ? { ...entry, standing: { ...entry.standing, fate } }
      : entry,
  );
}

/** Later actions on the same subject were meant for a state that will not be. */
function dropFollowing(outbox: Outbox, failed: Entry, at: number): Outbox {
  const subject = subjectOf(failed.action);
  const follows = (other: Entry) =>
    isWaiting(other) && other.order > failed.order && subjectOf(other.action) === subject;
  const standing: Standing = { kind: 'dropped', at, because: failed.action.kind };
  return outbox.map((other) => (follows(other) ? { ...other, standing } : other));
}

export function dismissed(outbox: Outbox, ids: readonly string[]): Outbox {
  return outbox.filter((entry) => isWaiting(entry) || !ids.includes(entry.id));
}

/** Without what was told for long enough. */
export function pruned(outbox: Outbox, now: number): Outbox {
  const kept = outbox.filter(({ standing }) => {
    switch (standing.kind) {
      case 'waiting':
        return true;
      case 'done':
        return now - standing.at < DONE_MS;
      case 'failed':
      case 'dropped':
        return now - standing.at < FAILED_MS;
      default:
        return standing satisfies never;
    }
  });
  return kept.length === outbox.length ? outbox : kept;
}
