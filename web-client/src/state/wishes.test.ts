import { describe, expect, it } from 'vitest';
import type { JobRow } from '../wire';
import { changeBetween, planOf } from './wishes';

const job = (fields: Partial<JobRow> = {}): JobRow =>
  ({
    id: 'j',
    version: 3,
    number: 1,
    status: 'assigned',
    starts_at: '2026-11-20T10:00:00Z',
    seats: ['anna'],
    lead: 'anna',
    ...fields,
  }) as JobRow;
const TEN = Date.parse('2026-11-20T10:00:00Z');
const NOON = TEN + 2 * 3_600_000;
const put = (cleaner: string | null, start: number | null, seat: number | null = null) =>
  ({ kind: 'put', job: 'j', seat, cleaner, start }) as const;

describe('what a dispatcher wants', () => {
  it('of a cleaner alone is an assignment, taken back by the one before', () => {
    const plan = planOf(put('olga', TEN), job());
    expect(plan?.sent).toEqual({
      kind: 'job.assign',
      parameters: { job: 'j', expected_version: 3, cleaner: 'olga', seat: 0 },
    });
    expect(plan?.back).toEqual([put('anna', null, 0)]);
  });

  it('of an open seat is taken back by emptying it', () => {
    const plan = planOf(put('olga', null), job({ seats: [null], status: 'unassigned' }));
    expect(plan?.back).toEqual([{ kind: 'vacate', job: 'j', seat: 0 }]);
  });

  it('of a time is a move, taken back by the time before', () => {
    const plan = planOf(put('anna', NOON), job());
    expect(plan?.sent).toEqual({
      kind: 'job.move',
      parameters: { job: 'j', expected_version: 3, start: '2026-11-20T12:00:00.000Z' },
    });
    expect(plan?.intent).toEqual({ kind: 'move', job: 'j', start: NOON, to: null });
    expect(plan?.back).toEqual([put(null, TEN)]);
  });

  it('of both is one move, and two steps back where nobody had the seat', () => {
    const plan = planOf(put('olga', NOON), job({ seats: [null] }));
    expect(plan?.sent.kind).toBe('job.move');
    expect(plan?.intent).toMatchObject({ to: { cleaner: 'olga', seat: 0 } });
    expect(plan?.back).toEqual([{ kind: 'vacate', job: 'j', seat: 0 }, put(null, TEN, 0)]);
  });

  it('of what is so already is nothing', () => {
    expect(planOf(put('anna', TEN), job())).toBeNull();
    expect(planOf({ kind: 'vacate', job: 'j', seat: null }, job({ seats: [null] }))).toBeNull();
  });

  it('empties a crew, and brings each back to their seat', () => {
    const plan = planOf({ kind: 'vacate', job: 'j', seat: null }, job({ seats: ['anna', null, 'olga'] }));
    expect(plan?.sent.parameters).toEqual({ job: 'j', expected_version: 3 });
    expect(plan?.back).toEqual([put('anna', null, 0), put('olga', null, 2)]);
  });
});

it('says what somebody else has done to a job, the weightiest first', () => {
  const before = job();
  expect(changeBetween(before, null)).toEqual({ kind: 'gone' });
  expect(changeBetween(before, job({ starts_at: '2026-11-20T12:00:00Z', seats: ['olga'] }))).toEqual({
    kind: 'moved',
    start: NOON,
  });
  expect(changeBetween(before, job({ seats: ['olga'] }))).toEqual({ kind: 'given', cleaner: 'olga' });
  expect(changeBetween(before, job({ seats: [null] }))).toEqual({ kind: 'vacated' });
  expect(changeBetween(before, job({ status: 'en_route' }))).toEqual({ kind: 'status', status: 'en_route' });
  expect(changeBetween(before, job({ version: 4 }))).toEqual({ kind: 'other' });
});
