import { describe, expect, it } from 'vitest';
import type { Service } from '../wire';
import { openings, partOfDay } from './availability';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const MINUTE = 60_000;
const service = (fields: Partial<Service>): Service => ({
  slug: 'standard',
  name: 'Standard',
  duration_minutes: 120,
  crew_size: 1,
  skills: [],
  travel_buffer_minutes: 30,
  lead_time_minutes: 60,
  booking_window_days: 14,
  slot_step_minutes: 30,
  price_minor: 9000,
  currency: 'EUR',
  active: true,
  version: 1,
  ...fields,
});
const slots = (...free: [number, number][]) => new Map([['standard', new Map(free)]]);

describe('openings', () => {
  it('count visits, not cleaners', () => {
    const open = openings(slots([NOW + 90 * MINUTE, 5]), service({ crew_size: 2 }), NOW);
    expect([...open.values()]).toEqual([2]);
  });

  it('leave out what too few are free for', () => {
    expect(openings(slots([NOW + 90 * MINUTE, 1]), service({ crew_size: 2 }), NOW).size).toBe(0);
  });

  it('begin at the lead time and end with the booking window', () => {
    const at = [59, 60, 14 * 24 * 60, 14 * 24 * 60 + 1].map((minutes): [number, number] => [
      NOW + minutes * MINUTE,
      1,
    ]);
    expect([...openings(slots(...at), service({}), NOW).keys()]).toEqual([at[1]?.[0], at[2]?.[0]]);
  });

  it('come in order', () => {
    const [late, early] = [NOW + 300 * MINUTE, NOW + 120 * MINUTE];
    expect([...openings(slots([late, 1], [early, 1]), service({}), NOW).keys()]).toEqual([early, late]);
  });

  it('fall into parts of the day by the zone’s clock', () => {
    const at = Date.parse('2026-11-20T11:30:00Z');
    expect(partOfDay(at, 'UTC')).toBe('morning');
    expect(partOfDay(at, 'Europe/Berlin')).toBe('day');
    expect(partOfDay(at, 'Asia/Tbilisi')).toBe('day');
    expect(partOfDay(Date.parse('2026-11-20T17:00:00Z'), 'UTC')).toBe('evening');
  });
});
