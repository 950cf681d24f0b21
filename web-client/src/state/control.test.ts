import { describe, expect, it } from 'vitest';
import { applyBody, NO_ROWS } from '../hub/reducer';
import type { CleanerRow, JobRow, Row, Service, ShiftRow } from '../wire';
import { boardOf, lateMinutes, obstacle, seatFor } from './control';
import { axisOf, withAround } from './controlAxis';

const DAY = '2026-11-20';
const at = (time: string) => `${DAY}T${time}:00Z`;

const cleaner = (id: string, fields: Partial<CleanerRow> = {}): Row => ({
  kind: 'cleaner',
  id,
  version: 1,
  name: id,
  phone: null,
  zones: ['center'],
  skills: [],
  duty: 'on',
  active: true,
  ...fields,
});
const shift = (of: string, from = '08:00', to = '18:00'): Row => ({
  kind: 'shift',
  ...({ id: `shift-${of}`, version: 1, cleaner: of, zone: 'center', local_date: DAY } as ShiftRow),
  starts_at: at(from),
  ends_at: at(to),
});
const job = (id: string, start: string, seats: (string | null)[], fields: Partial<JobRow> = {}): Row => ({
  kind: 'job',
  ...({
    id,
    version: 1,
    number: 1001,
    status: seats.includes(null) ? 'unassigned' : 'assigned',
    at_risk: false,
    service: 'standard',
    duration_minutes: 120,
    travel_buffer_minutes: 30,
    seats,
  } as JobRow),
  starts_at: at(start),
  ...fields,
});
const rowsOf = (...set: Row[]) => applyBody(NO_ROWS, { at: at('08:00'), set, unset: [] });

describe('the board', () => {
  const rows = rowsOf(
    cleaner('Olga'),
    cleaner('Anna'),
    shift('Anna'),
    shift('Olga', '12:00', '18:00'),
    job('a', '10:00', ['Anna']),
    job('b', '13:00', [null]),
    job('c', '09:00', [null, 'Olga']),
    job('d', '15:00', ['Anna'], { status: 'cancelled' }),
  );

  it('has a row per cleaner, a bar per filled seat, and a queue of what is open', () => {
    const board = boardOf(rows, []);
    expect(board.days.map((day) => day.cleaner.id)).toEqual(['Anna', 'Olga']);
    expect(board.days.map((day) => day.bars.map((bar) => bar.job.id))).toEqual([['a'], ['c']]);
    expect(board.queue.map((open) => open.id)).toEqual(['c', 'b']);
  });

  it('shows an assignment that is on its way as a bar of its own kind', () => {
    const board = boardOf(rows, [{ kind: 'assign', job: 'b', cleaner: 'Olga', seat: 0 }]);
    expect(board.days[1]?.bars.map((bar) => [bar.job.id, bar.optimistic])).toEqual([
      ['c', false],
      ['b', true],
    ]);
    expect(board.queue.map((open) => open.id)).toEqual(['c']);
  });

  it('puts everything back when the decision is no more', () => {
    boardOf(rows, [{ kind: 'assign', job: 'b', cleaner: 'Olga', seat: 0 }]);
    expect(boardOf(rows, []).queue.map((open) => open.id)).toEqual(['c', 'b']);
  });

  it('an assignment that the view shows already is no longer optimistic', () => {
    const board = boardOf(rows, [{ kind: 'assign', job: 'a', cleaner: 'Anna', seat: 0 }]);
    expect(board.days[0]?.bars[0]?.optimistic).toBe(false);
  });
});

describe('the axis of time', () => {
  const hour = 3_600_000;
  const open = { from: 8 * hour, to: 18 * hour };

  it('keeps the line of now away from its edges', () => {
    expect(withAround(open, 6 * hour)).toEqual({ from: 5 * hour, to: 18 * hour });
    expect(withAround(open, 17 * hour)).toEqual({ from: 8 * hour, to: 19 * hour });
  });

  it('is the opening hours on another day', () => {
    expect(withAround(open, null)).toEqual(open);
  });

  it('is made of full hours', () => {
    const { from, to } = axisOf(boardOf(NO_ROWS, []), { from: open.from + 1, to: open.to - 1 });
    expect([from, to]).toEqual([open.from, open.to]);
  });
});

describe('whom a job can go to', () => {
  const service = { slug: 'standard', skills: ['windows'] as string[] } as Service;
  const find = (rows: ReturnType<typeof rowsOf>, needs: Service | undefined) => {
    const board = boardOf(rows, []);
    const [day] = board.days;
    const open = board.jobs.get('x');
    if (day === undefined || open === undefined) throw new Error('the test has a cleaner and a job');
    return obstacle(open, day, needs)?.kind ?? null;
  };

  it('names the first reason against', () => {
    const anna = cleaner('Anna');
    const open = job('x', '10:00', [null]);
    expect(find(rowsOf(anna, shift('Anna'), open), undefined)).toBeNull();
    expect(find(rowsOf(anna, shift('Anna'), open), service)).toBe('skill');
    expect(find(rowsOf(anna, open), undefined)).toBe('outside_shift');
    expect(find(rowsOf(anna, shift('Anna', '10:00'), open), undefined)).toBe('outside_shift');
    expect(find(rowsOf(anna, shift('Anna'), open, job('y', '12:00', ['Anna'])), undefined)).toBe('overlap');
    expect(find(rowsOf(anna, shift('Anna'), open, job('y', '12:30', ['Anna'])), undefined)).toBeNull();
    expect(find(rowsOf(anna, shift('Anna'), job('x', '10:00', ['Anna', null])), undefined)).toBe('crew');
  });

  it('fills the first free seat, or takes the first', () => {
    const seats = (...all: (string | null)[]) => ({ seats: all }) as JobRow;
    expect(seatFor(seats('a', null))).toBe(1);
    expect(seatFor(seats('a', 'b'))).toBe(0);
  });
});

it('is late when nobody is there at the start', () => {
  const now = Date.parse(at('10:12'));
  const late = (status: JobRow['status']) => lateMinutes({ status, starts_at: at('10:00') } as JobRow, now);
  expect(late('en_route')).toBe(12);
  expect(late('arrived')).toBe(0);
});
