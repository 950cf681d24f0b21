import { describe, expect, it } from 'vitest';
import type { Body, HoldRow, JobRow, LiveBody, Row, SlotsBody } from '../wire';
import {
  applyBody,
  applyLive,
  applySlots,
  applyTo,
  emptyContent,
  NO_LIVE_ROWS,
  NO_ROWS,
  NO_SLOTS,
  type Rows,
  type Slots,
} from './reducer';

const AT = '2026-11-20T10:00:00Z';
const body = (set: Row[], unset: Body['unset'] = []): Body => ({ at: AT, set, unset });

function hold(id: string, version = 1): { kind: 'hold' } & HoldRow {
  return {
    kind: 'hold',
    id,
    version,
    zone: 'center',
    service: 'standard',
    starts_at: AT,
    expires_at: AT,
    extended: false,
  };
}

function job(id: string, version: number): { kind: 'job' } & JobRow {
  return { kind: 'job', id, version } as { kind: 'job' } & JobRow;
}

describe('row bodies', () => {
  it('set replaces the row of the same kind and id, and only that', () => {
    const before = applyBody(NO_ROWS, body([hold('a'), hold('b')]));
    const after = applyBody(before, body([hold('a', 2)]));
    expect(after.hold.get('a')?.version).toBe(2);
    expect(after.hold.get('b')).toBe(before.hold.get('b'));
  });

  it('unset removes by kind and id, and what is not there is no matter', () => {
    const before = applyBody(NO_ROWS, body([hold('a'), job('a', 1)]));
    const after = applyBody(
      before,
      body(
        [],
        [
          { kind: 'hold', id: 'a' },
          { kind: 'hold', id: 'x' },
        ],
      ),
    );
    expect(after.hold.size).toBe(0);
    expect(after.job.size).toBe(1);
  });

  it('leaves the former view as it was', () => {
    const before = applyBody(NO_ROWS, body([hold('a')]));
    applyBody(before, body([hold('a', 9)], []));
    applyBody(before, body([], [{ kind: 'hold', id: 'a' }]));
    expect(before.hold.get('a')?.version).toBe(1);
  });

  it('kinds that a body does not touch keep their identity', () => {
    const before = applyBody(NO_ROWS, body([hold('a'), job('j', 1)]));
    const after = applyBody(before, body([hold('b')]));
    expect(after.job).toBe(before.job);
    expect(after.hold).not.toBe(before.hold);
  });

  it('a row that moves out and comes back in one body stays', () => {
    const before = applyBody(NO_ROWS, body([job('j', 1)]));
    const after = applyBody(before, body([job('j', 2)], [{ kind: 'job', id: 'j' }]));
    expect(after.job.get('j')?.version).toBe(2);
  });

  it('a snapshot and what follows equal the later snapshot, whatever the changes', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = generator(seed);
      let truth = new Map<string, Row>();
      let view: Rows = NO_ROWS;
      for (let step = 0; step < 40; step++) {
        const next = new Map(truth);
        for (let i = 0; i < 1 + random(3); i++) {
          const id = `r${random(6)}`;
          const key = random(2) === 0 ? 'hold' : 'job';
          if (random(3) === 0) next.delete(`${key} ${id}`);
          else next.set(`${key} ${id}`, key === 'hold' ? hold(id, step) : job(id, step));
        }
        view = applyBody(view, difference(truth, next));
        truth = next;
      }
      expect(asObject(view), `seed ${seed}`).toEqual(asObject(applyBody(NO_ROWS, body([...truth.values()]))));
    }
  });
});

describe('slots bodies', () => {
  const change = (start: string, by: number, service = 'standard') => ({ service, start, by });
  const slots = (...free: SlotsBody['free']): SlotsBody => ({ at: AT, free });
  const at = (view: Slots, start: string, service = 'standard') =>
    view.get(service)?.get(Date.parse(start)) ?? 0;

  it('adds differences up in any order', () => {
    const bodies = [
      slots(change(AT, 3)),
      slots(change(AT, -1)),
      slots(change(AT, 2, 'deep')),
      slots(change(AT, -2)),
    ];
    const one = bodies.reduce(applySlots, NO_SLOTS);
    const other = [...bodies].reverse().reduce(applySlots, NO_SLOTS);
    expect(at(one, AT)).toBe(0);
    expect(at(one, AT, 'deep')).toBe(2);
    expect(at(other, AT, 'deep')).toBe(2);
    expect(one.get('standard')?.size).toBe(0);
  });

  it('forgets a start that comes down to nothing, and keeps other services untouched', () => {
    const before = applySlots(NO_SLOTS, slots(change(AT, 1), change(AT, 1, 'deep')));
    const after = applySlots(before, slots(change(AT, -1)));
    expect(after.get('standard')?.has(Date.parse(AT))).toBe(false);
    expect(after.get('deep')).toBe(before.get('deep'));
  });

  it('takes one instant in two spellings for the same', () => {
    const view = [
      slots(change('2026-11-20T10:00:00Z', 1)),
      slots(change('2026-11-20T10:00:00.000Z', 1)),
    ].reduce(applySlots, NO_SLOTS);
    expect(at(view, AT)).toBe(2);
  });
});

describe('who is in a zone', () => {
  const told = (version: number, customers: number): LiveBody => ({
    at: AT,
    set: [
      {
        kind: 'presence',
        id: 'center',
        version,
        counts: { customers, visitors: 0, cleaners: 0, dispatchers: 0 },
        cleaners: [],
        dispatchers: [],
        locks: [],
      },
    ],
    unset: [],
  });

  it('is the newest state, and the same one where it is only said again', () => {
    const first = applyTo(emptyContent('presence:center'), [told(2, 1)]);
    expect(applyTo(first, [told(2, 1)])).toBe(first);
    expect(applyTo(first, [told(1, 9)])).toBe(first);
    const later = applyTo(first, [told(3, 4)]);
    expect(later).toMatchObject({ kind: 'presence', row: { counts: { customers: 4 } } });
  });

  it('is unknown while nothing was heard', () => {
    const nothing = applyTo(emptyContent('presence:center'), [{ at: AT, set: [], unset: [] }]);
    expect(nothing).toEqual({ kind: 'presence', row: null });
  });
});

function difference(before: Map<string, Row>, after: Map<string, Row>): Body {
  const set = [...after].filter(([key, row]) => before.get(key) !== row).map(([, row]) => row);
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, row]) => row);
  return body(
    set,
    gone.map(({ kind, id }) => ({ kind, id })),
  );
}

function asObject(rows: Rows): unknown {
  return Object.fromEntries(
    Object.entries(rows).map(([kind, byId]) => [kind, Object.fromEntries([...byId].sort())]),
  );
}

/** A small seeded generator: numbers below `n`. */
function generator(seed: number): (n: number) => number {
  let state = seed * 2654435761;
  return (n) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0;
    return state % n;
  };
}

describe('places', () => {
  const at = (version: number, lon: number) => ({
    ...{ kind: 'track' as const, id: 'c1', version, at: '2026-11-20T10:00:00Z', lon, lat: 52.5 },
    arrives_at: '2026-11-20T10:20:00Z',
  });
  const heard = (row: ReturnType<typeof at>) => ({ at: row.at, set: [row], unset: [] });

  it('show the newest of each, whatever comes late', () => {
    const seen = [at(1, 13.1), at(3, 13.3), at(2, 13.2)].reduce(
      (places, row) => applyLive(places, heard(row)),
      NO_LIVE_ROWS,
    );
    expect(seen.get('c1')?.version).toBe(3);
  });

  it('are gone with whoever has arrived', () => {
    const seen = applyLive(NO_LIVE_ROWS, heard(at(1, 13.1)));
    const gone = { at: '2026-11-20T10:20:00Z', set: [], unset: [{ kind: 'track' as const, id: 'c1' }] };
    expect(applyLive(seen, gone).size).toBe(0);
  });
});
