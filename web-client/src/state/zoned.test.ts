import { describe, expect, it } from 'vitest';
import { addDays, instantOf, localDate, startOfDay, wallTime, weekday } from './zoned';

const HOUR = 3_600_000;

describe('wall time', () => {
  it('knows the date of an instant in its zone', () => {
    const at = Date.parse('2026-11-20T23:30:00Z');
    expect(localDate(at, 'Europe/Berlin')).toBe('2026-11-21');
    expect(wallTime(at, 'America/New_York')).toEqual({ date: '2026-11-20', minutes: 18 * 60 + 30 });
  });

  it('finds the start of ordinary, short and long days', () => {
    const length = (date: string, zone: string) =>
      (startOfDay(addDays(date, 1), zone) - startOfDay(date, zone)) / HOUR;
    expect(length('2026-11-20', 'Europe/Berlin')).toBe(24);
    expect(length('2026-03-29', 'Europe/Berlin')).toBe(23);
    expect(length('2026-10-25', 'Europe/Berlin')).toBe(25);
    expect(length('2026-10-04', 'Australia/Lord_Howe')).toBe(23.5);
    expect(new Date(startOfDay('2026-11-20', 'Europe/Berlin')).toISOString()).toBe(
      '2026-11-19T23:00:00.000Z',
    );
  });

  it('starts a day that has no midnight when its clock does', () => {
    // In Beirut the clocks go from 00:00 to 01:00.
    const start = startOfDay('2026-03-29', 'Asia/Beirut');
    expect(wallTime(start, 'Asia/Beirut')).toEqual({ date: '2026-03-29', minutes: 60 });
  });

  it('finds the instant of a wall time, also behind a change of the clocks', () => {
    const at = instantOf({ date: '2026-03-29', minutes: 9 * 60 }, 'Europe/Berlin');
    expect(new Date(at).toISOString()).toBe('2026-03-29T07:00:00.000Z');
  });

  it('adds days over months, and counts weekdays from Monday', () => {
    expect(addDays('2026-11-30', 1)).toBe('2026-12-01');
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
    expect(weekday('2026-11-20')).toBe(4);
    expect(weekday('2026-11-22')).toBe(6);
  });
});
