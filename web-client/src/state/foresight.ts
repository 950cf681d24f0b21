/**
 * The day as it will be once the server has taken what waits in the outbox: so that the next step that is
 * offered is the right one, with or without a network.
 */

import { type Entry, type Outbox, REACHES, type StepKind, subjectOf, waiting } from '../hub/outbox';
import type { Rows } from '../hub/reducer';
import type { AgendaJobRow } from '../wire';
import { stepsOf } from './work';

export function foresee(rows: Rows, outbox: Outbox): Rows {
  return waiting(outbox).reduce(applied, rows);
}

function applied(rows: Rows, { action, madeAt }: Entry): Rows {
  switch (action.kind) {
    case 'duty.set': {
      const { duty } = action.parameters;
      const cleaner = new Map([...rows.cleaner].map(([id, row]) => [id, { ...row, duty }]));
      return { ...rows, cleaner };
    }
    case 'job.claim':
      // Who is first is for the server to say.
      return rows;
    case 'job.withdraw': {
      const jobs = new Map(rows.agenda_job);
      return jobs.delete(action.parameters.job) ? { ...rows, agenda_job: jobs } : rows;
    }
    case 'job.acknowledge':
    case 'job.depart':
    case 'job.arrive':
    case 'job.start':
    case 'job.pause':
    case 'job.resume':
    case 'job.complete':
    case 'job.no_access': {
      const job = rows.agenda_job.get(action.parameters.job);
      if (job === undefined || !isPossible(job, action.kind)) return rows;
      return { ...rows, agenda_job: new Map(rows.agenda_job).set(job.id, moved(job, action.kind, madeAt)) };
    }
    default:
      return action satisfies never;
  }
}

/** What is there already, because the answer came before its acknowledgement, is not done twice. */
function isPossible(job: AgendaJobRow, kind: StepKind): boolean {
  const { next, others } = stepsOf(job.status);
  return next === kind || others.includes(kind);
}

function moved(job: AgendaJobRow, kind: StepKind, at: number) {
  const status = REACHES[kind];
  return {
    ...job,
    kind: 'agenda_job' as const,
    status,
    times: { ...job.times, [status]: new Date(at).toISOString() },
  };
}

/** What was done on one job, or about one's `duty`. */
export function about(outbox: Outbox, subject: string): Outbox {
  return outbox.filter(({ action }) => subjectOf(action) === subject);
}
