import { describe, expect, it } from 'vitest';
import { carried, DEFAULT_ZOOM, readChoice, STEP_MS, snap, stepFrom, writeChoice } from './controlAxis';

const MINUTE = 60_000;
const TEN = Date.parse('2026-11-20T10:00:00Z');

describe('a bar that is carried', () => {
  it('stays at its time when it is hardly moved', () => {
    expect(carried(TEN + 5 * MINUTE, 11, 76, STEP_MS)).toBe(TEN + 5 * MINUTE);
  });

  it('lands on the quarter of an hour', () => {
    expect(carried(TEN, 76, 76, STEP_MS)).toBe(TEN + 60 * MINUTE);
    expect(carried(TEN, -30, 76, STEP_MS)).toBe(TEN - 30 * MINUTE);
    expect(carried(TEN + 5 * MINUTE, 19, 76, STEP_MS)).toBe(TEN + 15 * MINUTE);
  });
});

describe('the arrow keys', () => {
  it('go to the next line of the grid from anywhere', () => {
    expect(stepFrom(TEN, 1, STEP_MS)).toBe(TEN + 15 * MINUTE);
    expect(stepFrom(TEN + 7 * MINUTE, 1, STEP_MS)).toBe(TEN + 15 * MINUTE);
    expect(stepFrom(TEN + 7 * MINUTE, -1, STEP_MS)).toBe(TEN);
    expect(stepFrom(TEN, -1, STEP_MS)).toBe(TEN - 15 * MINUTE);
    expect(snap(TEN + 8 * MINUTE, STEP_MS)).toBe(TEN + 15 * MINUTE);
  });
});

describe('what is shown', () => {
  it('is in the address, and what is usual is not', () => {
    const usual = readChoice(new URLSearchParams());
    expect(usual).toEqual({ days: 1, zoom: DEFAULT_ZOOM[1], density: 'normal' });
    expect(writeChoice(usual)).toEqual({ days: null, zoom: null, rows: null });
    const other = readChoice(new URLSearchParams('days=3&zoom=5&rows=compact'));
    expect(writeChoice(other)).toEqual({ days: '3', zoom: '5', rows: 'compact' });
  });

  it('is what is usual where the address says nothing that makes sense', () => {
    expect(readChoice(new URLSearchParams('days=9&zoom=x&rows=huge'))).toEqual(
      readChoice(new URLSearchParams()),
    );
    expect(readChoice(new URLSearchParams('zoom=9')).zoom).toBe(6);
  });
});
