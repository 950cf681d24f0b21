import { describe, expect, it } from 'vitest';
import type { Fix } from '../wire';
import { due, fixOf, gathered, NOTHING_GATHERED, sent } from './whereabouts';

const START = Date.parse('2026-11-20T10:00:00Z');
const fix = (seconds: number, fields: Partial<Fix> = {}): Fix => ({
  ...{ at: new Date(START + seconds * 1_000).toISOString(), lon: 13.4, lat: 52.5, accuracy_m: 10 },
  ...fields,
});
const all = (...fixes: Fix[]) => fixes.reduce(gathered, NOTHING_GATHERED);

describe('where a phone is', () => {
  it('is gathered over a gap, thinned out, and no more than the server takes', () => {
    expect(all(fix(0), fix(1), fix(4), fix(5)).fixes).toHaveLength(2);
    const long = all(...Array.from({ length: 100 }, (_, i) => fix(i * 5)));
    expect(long.fixes).toHaveLength(60);
    expect(long.fixes.at(-1)).toEqual(fix(495));
  });

  it('is not told from a guess of the network’s', () => {
    expect(all(fix(0, { accuracy_m: 5_000 })).fixes).toEqual([]);
  });

  it('is told at once, then not too often, and never when it is old', () => {
    const known = all(fix(0));
    const first = due(known, START);
    expect(first).toHaveLength(1);
    const later = gathered(sent(known, first, START), fix(6));
    expect(later.fixes).toEqual([fix(6)]);
    expect(due(later, START + 2_000)).toEqual([]);
    expect(due(later, START + 6_000)).toEqual([fix(6)]);
    expect(due(later, START + 6 * 60_000 + 6_000)).toEqual([]);
  });

  it('is in the server’s terms and by its clock', () => {
    const coords = { longitude: 13.4, latitude: 52.5, accuracy: 99_999, heading: Number.NaN, speed: -1 };
    const position = { timestamp: 1_000, coords } as unknown as GeolocationPosition;
    expect(fixOf(position, START, 3_000)).toEqual({
      ...{ at: new Date(START - 2_000).toISOString(), lon: 13.4, lat: 52.5 },
      ...{ accuracy_m: 10_000, speed: 0 },
    });
  });
});
