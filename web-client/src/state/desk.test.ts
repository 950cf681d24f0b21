import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../hub/outcome';
import { applyBody, NO_ROWS, type Rows } from '../hub/reducer';
import type { JobRow, Row, Targets } from '../wire';
import { BoardStore } from './boardStore';
import { Desk } from './desk';

const AT = '2026-11-20T06:00:00Z';
const iso = (time: string) => `2026-11-20T${time}:00Z`;
const at = (time: string) => Date.parse(iso(time));
const ACCEPTED: Outcome = { outcome: 'accepted', result: {}, positions: {} };
const STALE = {
  outcome: 'rejected',
  message: '',
  code: 'stale_version',
  details: { current: 9 },
} as const satisfies Outcome;

const cleaner = (id: string): Row =>
  ({ kind: 'cleaner', id, version: 1, name: id, active: true, skills: [], duty: 'on' }) as unknown as Row;
const shift = (of: string): Row =>
  ({
    kind: 'shift',
    id: `s-${of}`,
    cleaner: of,
    starts_at: iso('06:00'),
    ends_at: iso('20:00'),
  }) as unknown as Row;
const job = (version: number, seats: JobRow['seats'], start = '10:00', id = 'a'): Row =>
  ({
    kind: 'job',
    id,
    version,
    number: 1,
    status: seats.includes(null) ? 'unassigned' : 'assigned',
    service: 'standard',
    starts_at: iso(start),
    duration_minutes: 60,
    travel_buffer_minutes: 0,
    seats,
  }) as unknown as Row;

interface Sent {
  readonly kind: string;
  readonly parameters: object;
}

/** A desk at a server that says what the test says; `then` is what a command does to the rows. */
function deskAt(first: Row[], targets: Targets | null = null) {
  const store = new BoardStore();
  let rows: Rows = applyBody(NO_ROWS, {
    at: AT,
    set: [cleaner('anna'), cleaner('olga'), ...first],
    unset: [],
  });
  store.feed(applyBody(rows, { at: AT, set: [shift('anna'), shift('olga')], unset: [] }));
  rows = applyBody(rows, { at: AT, set: [shift('anna'), shift('olga')], unset: [] });
  const sent: Sent[] = [];
  const replies: (() => Outcome)[] = [];
  const publish = (by: string, ...set: Row[]) => {
    rows = applyBody(rows, { at: AT, by, command_id: 'c', set, unset: [] });
    store.feed(rows);
  };
  const desk = new Desk({
    me: 'marta',
    store,
    services: [],
    now: () => at('06:00'),
    mayDispatch: true,
    trusted: () => true,
    command: async (kind, parameters) => {
      sent.push({ kind, parameters });
      return (replies.shift() ?? (() => ACCEPTED))();
    },
    targets: async () => targets,
    dayOf: () => ({ from: at('00:00'), to: at('23:45') }),
  });
  const accept = (by: string, ...set: Row[]) => {
    replies.push(() => {
      publish(by, ...set);
      return ACCEPTED;
    });
  };
  return { desk, store, sent, replies, publish, accept };
}

describe('a decision', () => {
  it('can be taken back with the version that it left', async () => {
    const { desk, sent, accept } = deskAt([job(1, ['anna'])]);
    accept('marta', job(2, ['olga']));
    expect(await desk.put('a', 0, 'olga', null)).toBe(true);
    accept('marta', job(3, ['anna']));
    await desk.undo();
    expect(sent.map(({ kind, parameters }) => [kind, parameters])).toEqual([
      ['job.assign', { job: 'a', seat: 0, cleaner: 'olga', expected_version: 1 }],
      ['job.assign', { job: 'a', seat: 0, cleaner: 'anna', expected_version: 2 }],
    ]);
    expect(desk.done.value?.kind).toBe('undone');
    expect(desk.canUndo).toBe(false);
  });

  it('is not taken back once somebody has changed the job, and says who and how', async () => {
    const { desk, sent, accept, publish } = deskAt([job(1, ['anna'])]);
    accept('marta', job(2, ['olga']));
    await desk.put('a', 0, 'olga', null);
    publish('nora', job(3, ['olga'], '11:00'));
    await desk.undo();
    expect(sent).toHaveLength(1);
    expect(desk.state.value.setback).toMatchObject({
      undoing: true,
      cause: { kind: 'changed', by: 'nora', change: { kind: 'moved', start: at('11:00') } },
      fixes: [{ kind: 'show', job: 'a' }],
    });
  });

  it('that came too late says who was quicker, and can be made anyway', async () => {
    const { desk, sent, replies, publish, store, accept } = deskAt([job(1, ['anna'])]);
    replies.push(() => {
      publish('nora', job(2, ['anna'], '15:00'));
      return STALE;
    });
    expect(await desk.put('a', 0, 'olga', null)).toBe(false);
    const { setback } = desk.state.value;
    expect(setback).toMatchObject({
      cause: { kind: 'changed', by: 'nora', change: { kind: 'moved', start: at('15:00') } },
    });
    expect(store.job('a')?.seats).toEqual(['anna']);
    accept('marta', job(3, ['olga'], '15:00'));
    const anyway = setback?.fixes.find(({ kind }) => kind === 'anyway');
    if (anyway === undefined) throw new Error('it can be made anyway');
    desk.apply(anyway);
    expect(desk.state.value.setback).toBeNull();
    expect(sent.at(-1)).toMatchObject({ parameters: { expected_version: 2, cleaner: 'olga' } });
  });
});

describe('what is let go', () => {
  const TARGETS: Targets = {
    job: 'a',
    version: 1,
    cleaners: [
      { cleaner: 'anna', starts: [iso('10:00')], against: null },
      { cleaner: 'olga', starts: [iso('12:00')], against: { code: 'overlap', details: {} } },
    ],
  };

  it('over a place that the server has called impossible is not sent, and alternatives are offered', async () => {
    const { desk, sent } = deskAt([job(1, [null])], TARGETS);
    desk.fly({ jobs: ['a'], seat: null, x: 0, y: 0, cleaner: 'olga', start: at('10:00') });
    await vi.waitFor(() => expect(desk.state.value.answers).toBe(2));
    desk.fly(null);
    desk.drop(['a'], null, 'olga', at('10:00'));
    expect(sent).toEqual([]);
    expect(desk.state.value.setback?.cause).toMatchObject({ kind: 'rule', reason: { kind: 'rejected' } });
    expect(desk.state.value.setback?.fixes.map((fix) => fix.kind)).toEqual(['at', 'to']);
  });

  it('together keeps its distances', () => {
    const { desk, sent } = deskAt([job(1, ['anna'], '10:00'), job(1, ['anna'], '12:00', 'b')]);
    desk.drop(['a', 'b'], null, 'olga', at('11:00'));
    expect(sent.map(({ parameters }) => parameters)).toEqual([
      { job: 'a', seat: 0, cleaner: 'olga', start: '2026-11-20T11:00:00.000Z', expected_version: 1 },
      { job: 'b', seat: 0, cleaner: 'olga', start: '2026-11-20T13:00:00.000Z', expected_version: 1 },
    ]);
  });
});

it('places where the keys aim', () => {
  const { desk, sent } = deskAt([job(1, [null])]);
  desk.place('move', ['a']);
  expect(desk.state.value.placing).toMatchObject({ cleaner: 'anna', start: at('10:00') });
  desk.aim({ cleaner: 'olga', start: at('10:15') });
  desk.commit();
  expect(desk.state.value.placing).toBeNull();
  expect(sent).toMatchObject([{ kind: 'job.move', parameters: { cleaner: 'olga' } }]);
});

it('is about the selection if a job of it is meant, and else about that job', () => {
  const { desk } = deskAt([job(1, [null]), job(1, [null], '12:00', 'b'), job(1, [null], '14:00', 'c')]);
  desk.toggle('a');
  desk.toggle('b');
  expect(desk.subjects('a')).toEqual(['a', 'b']);
  expect(desk.subjects('c')).toEqual(['c']);
  expect(desk.subjects(null)).toEqual(['a', 'b']);
  desk.clearSelection();
  desk.choose('c');
  expect(desk.subjects(null)).toEqual(['c']);
});
