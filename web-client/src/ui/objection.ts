/** An objection in words. */
import type { Objection, Outcome } from '../hub/outcome';
import type { Catalog } from './i18n';
import type { Toast } from './parts/Toasts';

export function explain(t: Catalog, objection: Objection): string {
  const text =
    objection.outcome === 'rejected'
      ? (t.rejection[objection.code] as string | undefined)
      : (t.refusal[objection.code] as string | undefined);
  return text ?? objection.message;
}

/** For whoever looks into it: the code, and the trace where there is one. */
export function codeOf(objection: Objection): string {
  if (objection.outcome === 'rejected') return objection.code;
  const trace = objection.details?.trace_id;
  return trace === undefined ? objection.code : `${objection.code} ${trace}`;
}

export function objectionToast(t: Catalog, outcome: Outcome): Toast | null {
  if (outcome.outcome === 'accepted') return null;
  return { text: explain(t, outcome), tone: 'bad', code: codeOf(outcome) };
}
