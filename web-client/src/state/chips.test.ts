import { describe, expect, it } from 'vitest';
import { advanceChips, type Chip, STRUCK_MS } from './chips';

const open = (...starts: number[]) => new Map(starts.map((start) => [start, 1]));
const starts = (chips: readonly Chip[]) =>
  chips.map(({ start, goneAt }) => (goneAt === null ? start : -start));

describe('the list of times', () => {
  const shown = advanceChips([], open(9, 10, 11), 0, 'left alone');

  it('strikes a time that goes where it stands', () => {
    expect(starts(advanceChips(shown, open(9, 11), 100, 'left alone'))).toEqual([9, -10, 11]);
  });

  it('lets it leave after two seconds', () => {
    const struck = advanceChips(shown, open(9, 11), 100, 'left alone');
    expect(starts(advanceChips(struck, open(9, 11), 99 + STRUCK_MS, 'left alone'))).toEqual([9, -10, 11]);
    expect(starts(advanceChips(struck, open(9, 11), 100 + STRUCK_MS, 'left alone'))).toEqual([9, 11]);
  });

  it('moves nothing while it is pointed at', () => {
    const struck = advanceChips(shown, open(9, 11, 12), 100, 'pointed at');
    expect(starts(struck)).toEqual([9, -10, 11]);
    expect(starts(advanceChips(struck, open(9, 11, 12), 9_999, 'pointed at'))).toEqual([9, -10, 11]);
    expect(starts(advanceChips(struck, open(9, 11, 12), 9_999, 'left alone'))).toEqual([9, 11, 12]);
  });

  it('takes a time back that becomes free again', () => {
    const struck = advanceChips(shown, open(9, 11), 100, 'left alone');
    expect(starts(advanceChips(struck, open(9, 10, 11), 200, 'left alone'))).toEqual([9, 10, 11]);
  });

  it('is the same list when nothing has changed', () => {
    expect(advanceChips(shown, open(9, 10, 11), 100, 'left alone')).toBe(shown);
  });
});
