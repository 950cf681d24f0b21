import { describe, expect, it, vi } from 'vitest';
import { applyBody, NO_ROWS } from '../hub/reducer';
import type { JobRow, Row } from '../wire';
import { BoardStore, joinRows } from './boardStore';
import { boardOf } from './control';

const AT = '2026-11-20T08:00:00Z';
const cleaner = (id: string): Row =>
  ({ kind: 'cleaner', id, version: 1, name: id, active: true, skills: [], duty: 'on' }) as unknown as Row;
const job = (id: string, seats: (string | null)[], fields: Partial<JobRow> = {}): Row =>
  ({
    kind: 'job',
    id,
    version: 1,
    number: 1,
    status: 'assigned',
    starts_at: '2026-11-20T10:00:00Z',
    duration_minutes: 60,
    travel_buffer_minutes: 15,
    seats,
    ...fields,
  }) as unknown as Row;
const rowsOf = (...set: Row[]) => applyBody(NO_ROWS, { at: AT, set, unset: [] });
const FIRST = rowsOf(cleaner('anna'), cleaner('olga'), job('a', ['anna']), job('b', ['olga']));

describe('the board', () => {
  it('keeps what has not changed the very same', () => {
    const before = boardOf(FIRST, []);
    const after = boardOf(
      applyBody(FIRST, { at: AT, set: [job('a', ['anna'], { version: 2 })], unset: [] }),
      [],
      before,
    );
    expect(after.days[0]).not.toBe(before.days[0]);
    expect(after.days[1]).toBe(before.days[1]);
    expect(after.queue).toBe(before.queue);
    expect(after.alerts).toBe(before.alerts);
    expect(boardOf(FIRST, [], before).days).toBe(before.days);
  });

  it('shows a move that is on its way at its new time', () => {
    const start = Date.parse('2026-11-20T12:00:00Z');
    const board = boardOf(FIRST, [{ kind: 'move', job: 'a', start, to: { cleaner: 'olga', seat: 0 } }]);
    expect(board.days[0]?.bars).toEqual([]);
    expect(
      board.days[1]?.bars.map((bar) => [bar.job.id, bar.job.starts_at.slice(11, 16), bar.optimistic]),
    ).toEqual([
      ['b', '10:00', false],
      ['a', '12:00', true],
    ]);
  });
});

describe('the store of the board', () => {
  it('tells of a cleaner’s day only when that has changed', () => {
    const store = new BoardStore();
    store.feed(FIRST);
    const [anna, olga] = [vi.fn(), vi.fn()];
    store.subscribeDay('anna', anna);
    const stop = store.subscribeDay('olga', olga);
    store.feed(applyBody(FIRST, { at: AT, set: [job('a', ['anna'], { version: 2 })], unset: [] }));
    expect([anna.mock.calls.length, olga.mock.calls.length]).toEqual([1, 0]);
    store.feed(applyBody(FIRST, { at: AT, set: [job('a', ['olga'], { version: 3 })], unset: [] }));
    expect([anna.mock.calls.length, olga.mock.calls.length]).toEqual([2, 1]);
    stop();
    store.feed(FIRST);
    expect(olga.mock.calls.length).toBe(1);
  });

  it('remembers when a job was to begin when it was first seen', () => {
    const store = new BoardStore();
    store.feed(FIRST);
    const moved = job('a', ['anna'], { version: 2, starts_at: '2026-11-20T11:00:00Z' });
    store.feed(applyBody(FIRST, { at: AT, set: [moved], unset: [] }));
    expect(store.day('anna')?.bars[0]?.was).toBe(Date.parse('2026-11-20T10:00:00Z'));
    store.feed(FIRST);
    expect(store.day('anna')?.bars[0]?.was).toBeNull();
  });

  it('shows a decision at once and what came of it in its place', () => {
    const store = new BoardStore();
    store.feed(FIRST);
    const intent = { kind: 'unassign', job: 'a', seat: 0 } as const;
    store.intend(intent);
    expect(store.value.queue.map(({ id }) => id)).toEqual(['a']);
    expect(store.told('a')?.seats).toEqual(['anna']);
    store.source = () => void store.feed(applyBody(FIRST, { at: AT, set: [job('a', [null])], unset: [] }));
    store.forget(intent);
    expect(store.value.queue.map(({ id }) => id)).toEqual(['a']);
    expect(store.told('a')?.seats).toEqual([null]);
  });
});

describe('several days', () => {
  it('are joined, with the newest of what is on more than one', () => {
    const next = rowsOf(cleaner('anna'), job('a', ['anna'], { version: 2 }), job('c', ['anna']));
    const joined = joinRows([FIRST, next], null);
    expect([...joined.job.values()].map(({ id, version }) => [id, version])).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ]);
    expect(joinRows([FIRST], null)).toBe(FIRST);
  });

  it('keep the kinds that no day has changed', () => {
    const days = [FIRST, rowsOf(cleaner('eva'))];
    const joined = joinRows(days, null);
    const changed = applyBody(FIRST, { at: AT, set: [job('a', [null], { version: 2 })], unset: [] });
    const again = joinRows([changed, days[1] ?? NO_ROWS], { days, joined });
    expect(again.cleaner).toBe(joined.cleaner);
    expect(again.job).not.toBe(joined.job);
  });
});
