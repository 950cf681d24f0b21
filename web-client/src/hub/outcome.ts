/**
 * The three outcomes of a command, as the server words them, and the one the client adds: it was never
 * answered. Codes are a closed set on the wire; screens turn them into words.
 */
import type { ReachedPosition, Refusal, Rejection } from '../wire';

export type Position = ReachedPosition;
export type RefusalCode = Refusal;

export interface RefusalDetails {
  readonly field?: string;
  readonly retry_after_ms?: number;
  readonly trace_id?: string;
}

export interface Accepted {
  readonly outcome: 'accepted';
  readonly result: Readonly<Record<string, unknown>>;
  readonly positions: Readonly<Record<string, Position>>;
}

export type Rejected = { readonly outcome: 'rejected'; readonly message: string } & Rejection;

export interface Refused {
  readonly outcome: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
  readonly details?: RefusalDetails;
}

export type Outcome = Accepted | Rejected | Refused;
/** Why something was not done. */
export type Objection = Rejected | Refused;

export function refused(code: RefusalCode, message: string, details?: RefusalDetails): Refused {
  return details === undefined
    ? { outcome: 'refused', code, message }
    : { outcome: 'refused', code, message, details };
}

/** Nothing was decided, and the same id may be tried again soon. */
export function isTemporary(outcome: Outcome): outcome is Refused {
  if (outcome.outcome !== 'refused') return false;
  return outcome.code === 'unavailable' || outcome.code === 'draining' || outcome.code === 'rate_limited';
}

/** Reads a reply; anything that is not an outcome is the server's fault, not the user's. */
export function readOutcome(data: unknown): Outcome {
  if (typeof data === 'object' && data !== null && 'outcome' in data) {
    const { outcome } = data;
    if (outcome === 'accepted' || outcome === 'rejected' || outcome === 'refused') return data as Outcome;
  }
  return refused('internal', 'The server gave an answer that this page does not understand.');
}

/** What a query came to. */
export type Answered<T> = { readonly outcome: 'answered'; readonly answer: T } | Objection;

/** Answers are plain values, and only what is not answered bears an outcome. */
export function readAnswer<T>(data: unknown): Answered<T> {
  if (typeof data === 'object' && data !== null) {
    if (!('outcome' in data)) return { outcome: 'answered', answer: data as T };
    const outcome = readOutcome(data);
    if (outcome.outcome !== 'accepted') return outcome;
  }
  return refused('internal', 'The server gave an answer that this page does not understand.');
}
