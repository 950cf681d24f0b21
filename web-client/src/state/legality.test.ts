import { describe, expect, it } from 'vitest';
import type { CleanerRow, JobRow, Rejection, ShiftRow, Targets } from '../wire';
import type { CleanerDay } from './control';
import { judge, nearestStart, readTargets, worst } from './legality';

const DATE = '2026-11-20';
const at = (time: string) => Date.parse(`${DATE}T${time}:00Z`);
const iso = (time: string) => `${DATE}T${time}:00Z`;
const JOB = {
  id: 'j',
  version: 1,
  service: 'standard',
  starts_at: iso('10:00'),
  duration_minutes: 60,
  travel_buffer_minutes: 30,
  seats: [null],
} as unknown as JobRow;
const day = (duty: CleanerRow['duty'] = 'on'): CleanerDay => ({
  cleaner: { id: 'olga', name: 'Olga', active: true, skills: [], duty } as unknown as CleanerRow,
  shifts: [{ id: 's', cleaner: 'olga', starts_at: iso('08:00'), ends_at: iso('16:00') } as ShiftRow],
  timeOff: [],
  bars: [],
  load: 0,
});
const targets = (starts: string[], against: Rejection | null = null): Targets => ({
  job: 'j',
  version: 1,
  cleaners: [{ cleaner: 'olga', starts: starts.map(iso), against }],
});
const answer = (told: Targets) => readTargets(told, JOB, { from: at('00:00'), to: at('23:45') });
const ask = (start: string, answered: ReturnType<typeof answer> | null, of = day(), now = '06:00') =>
  judge({ job: JOB, day: of, start: at(start), service: undefined, answered, now: at(now) });

describe('whether a job may go somewhere', () => {
  it('is the server’s word where there is one', () => {
    const told = answer(targets(['11:00']));
    expect(ask('11:00', told)).toEqual({ kind: 'legal', reason: null, sure: true });
    expect(ask('11:15', told)).toEqual({ kind: 'illegal', reason: { kind: 'impossible' }, sure: true });
  });

  it('is refused for the first reason that the server gave for its own time', () => {
    const against: Rejection = { code: 'skill_missing', details: { missing: ['windows'] } };
    expect(ask('10:00', answer(targets([], against)))).toEqual({
      kind: 'illegal',
      reason: { kind: 'rejected', rejection: against },
      sure: true,
    });
  });

  it('is judged by what the page sees until the server has answered, and between the quarters', () => {
    expect(ask('11:00', null)).toEqual({ kind: 'legal', reason: null, sure: false });
    expect(ask('15:30', null)).toEqual({ kind: 'illegal', reason: { kind: 'outside_shift' }, sure: false });
    expect(ask('11:05', answer(targets([])))).toMatchObject({ kind: 'legal', sure: false });
  });

  it('is not in the past', () => {
    expect(ask('09:00', null, day(), '09:30')).toEqual({
      kind: 'illegal',
      reason: { kind: 'past' },
      sure: true,
    });
  });

  it('is said with a warning where somebody off duty would have to begin soon', () => {
    const told = answer(targets(['11:00']));
    expect(ask('11:00', told, day('off'), '09:30')).toMatchObject({
      kind: 'soft',
      reason: { kind: 'off_duty' },
    });
    expect(ask('11:00', told, day('off'), '08:30')).toMatchObject({ kind: 'legal' });
  });

  it('is no for a cleaner whom the server did not name', () => {
    const told = answer({ job: 'j', version: 1, cleaners: [] });
    expect(ask('10:00', told)).toMatchObject({ kind: 'illegal', sure: true });
  });
});

it('finds the legal start nearest to one', () => {
  const told = answer(targets(['08:00', '11:00', '14:00']));
  expect(nearestStart(told, 'olga', at('12:00'))).toBe(at('11:00'));
  expect(nearestStart(told, 'anna', at('12:00'))).toBeNull();
});

it('is of several the worst, and sure when all are', () => {
  const legal = { kind: 'legal', reason: null, sure: true } as const;
  const unsure = { kind: 'soft', reason: { kind: 'off_duty' }, sure: false } as const;
  const no = { kind: 'illegal', reason: { kind: 'past' }, sure: true } as const;
  expect(worst([legal, unsure])).toEqual({ kind: 'soft', reason: { kind: 'off_duty' }, sure: false });
  expect(worst([unsure, no, legal])).toEqual(no);
});
