/** Actions in an outbox, as tests need them. */
import type { Action, Entry } from '../hub/outbox';

export const JOB = 'job-1';

export function entry(order: number, action: Action, fields: Partial<Entry> = {}): Entry {
  return {
    id: `id-${order}`,
    account: 'anna',
    action,
    number: 1001,
    order,
    madeAt: order * 1_000,
    standing: { kind: 'waiting', tries: 0 },
    ...fields,
  };
}

type Step = Extract<Action, { readonly parameters: { readonly job: string } }>['kind'];

export function step(order: number, kind: Step, job = JOB): Entry {
  return entry(order, { kind, parameters: { job } });
}
