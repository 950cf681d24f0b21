/** What became of a form that was sent: which field is at fault, whether somebody else changed the row
 * meanwhile, which jobs stand in the way. Pure; the form shows it. */
import type { Objection, Outcome } from '../../hub/outcome';

export type Saving =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  /** The server names a field, or none where the form as a whole is meant. */
  | { readonly kind: 'objected'; readonly objection: Objection; readonly field: string | null }
  /** Somebody was quicker: the row is at this version now. */
  | { readonly kind: 'stale'; readonly current: number }
  /** Jobs would lose their cleaner; it can be done all the same. */
  | { readonly kind: 'affected'; readonly jobs: readonly string[] };

export const IDLE: Saving = { kind: 'idle' };

/** `null` is done. `taken` is the field that `already_exists` is about. */
export function afterOutcome(outcome: Outcome, taken: string | null): Saving | null {
  switch (outcome.outcome) {
    case 'accepted':
      return null;
    case 'refused':
      return {
        kind: 'objected',
        objection: outcome,
        field: outcome.code === 'invalid_argument' ? (outcome.details?.field ?? null) : null,
      };
    case 'rejected':
      if (outcome.code === 'stale_version') return { kind: 'stale', current: outcome.details.current };
      if (outcome.code === 'jobs_affected') return { kind: 'affected', jobs: outcome.details.jobs };
      return {
        kind: 'objected',
        objection: outcome,
        field: outcome.code === 'already_exists' ? taken : null,
      };
    default:
      return outcome satisfies never;
  }
}
