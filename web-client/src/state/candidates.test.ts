import { describe, expect, it } from 'vitest';
import type { JobRow, Target } from '../wire';
import { candidatesOf } from './candidates';
import type { CleanerDay } from './control';

const START = '2026-11-20T10:00:00Z';
const at = (hour: number) => `2026-11-20T${String(hour).padStart(2, '0')}:00:00Z`;
const day = (id: string, minutes: number[] = []): CleanerDay => ({
  cleaner: { id, version: 1, name: id, phone: null, zones: [], skills: [], duty: 'on', active: true },
  shifts: [],
  timeOff: [],
  load: 0,
  bars: minutes.map((duration_minutes, seat) => ({
    job: { id: `${id}${seat}`, status: 'assigned', duration_minutes } as JobRow,
    seat,
    optimistic: false,
    was: null,
  })),
});
const target = (cleaner: string, starts: string[], against: Target['against'] = null): Target => ({
  cleaner,
  starts,
  against,
});
const of = (cleaners: Target[], days: CleanerDay[], seats: (string | null)[] = [null]) =>
  candidatesOf({ job: 'j1', version: 1, cleaners }, days, { startsAt: START, seats });
const names = (all: readonly { id: string }[]) => all.map(({ id }) => id);

describe('candidates', () => {
  it('are in three groups, in each whoever has the least to do first', () => {
    const busy = { code: 'overlap', details: {} } as const;
    const found = of(
      [
        target('anna', [START]),
        target('boris', [START, at(14)]),
        target('carl', [at(8), at(13)], busy),
        target('dora', [], { code: 'skill_missing', details: { missing: ['windows'] } }),
        target('nobody', [], { code: 'outside_shift' }),
      ],
      [day('anna', [120]), day('boris'), day('carl'), day('dora')],
    );
    expect(names(found.able)).toEqual(['boris', 'anna']);
    expect(names(found.otherwise)).toEqual(['carl']);
    expect(names(found.unable)).toEqual(['dora']);
    expect(found.away).toBe(1);
    expect(found.able[1]).toMatchObject({ jobs: 1, minutes: 120 });
  });

  it('have their other times by how near they are', () => {
    const against = { code: 'time_off' } as const;
    const [carl] = of([target('carl', [at(6), at(9), at(11), at(18)], against)], [day('carl')]).otherwise;
    expect(carl?.others).toEqual([at(9), at(11), at(6)]);
  });

  it('are not those who are on it already', () => {
    const found = of([target('anna', [START])], [day('anna')], ['anna', null]);
    expect([...found.able, ...found.otherwise, ...found.unable]).toEqual([]);
  });

  it('are nobody before the server has answered', () => {
    expect(candidatesOf(null, [day('anna')], { startsAt: START, seats: [] }).able).toEqual([]);
  });
});
