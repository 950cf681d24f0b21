import { describe, expect, it } from 'vitest';
import type { JobLock, PresenceRow, PresentDispatcher } from '../wire';
import { companyOf, initials, lockOn, NOBODY, takenOverBy } from './presence';

const ME = 'marta';
const person = (id: string, name: string, focus?: PresentDispatcher['focus']): PresentDispatcher => ({
  id,
  name,
  role: 'dispatcher',
  ...(focus === undefined ? {} : { focus }),
});
const row = (dispatchers: PresentDispatcher[], locks: JobLock[] = []): PresenceRow => ({
  id: 'center',
  version: 1,
  counts: { customers: 2, visitors: 1, cleaners: 3, dispatchers: dispatchers.length },
  cleaners: [],
  dispatchers,
  locks,
});
const lock = (holder: string, name: string, takenFrom?: string): JobLock => ({
  job: 'j1',
  holder,
  name,
  since: '2026-11-21T09:00:00Z',
  ...(takenFrom === undefined ? {} : { taken_from: takenFrom }),
});

describe('who is there', () => {
  it('is everybody but oneself, with what they look at', () => {
    const company = companyOf(
      row([
        person(ME, 'Marta Klein', { job: 'j1', typing: false }),
        person('olga', 'Olga Orlova', { job: 'j1', typing: true }),
        person('ivan', 'Ivan'),
      ]),
      ME,
    );
    expect(company.colleagues.map(({ name }) => name)).toEqual(['Olga Orlova', 'Ivan']);
    expect(company.watching.get('j1')).toMatchObject([{ initials: 'OO', typing: true }]);
    expect(company.watching.size).toBe(1);
    expect(company.counts?.customers).toBe(2);
  });

  it('is nobody before anything was heard', () => {
    expect(companyOf(null, ME)).toBe(NOBODY);
  });

  it.each([
    ['Marta Klein', 'MK'],
    ['anna maria von berg', 'AB'],
    ['Ольга Орлова', 'ОО'],
    ['marta@example.test', 'MT'],
    ['Zoë', 'Z'],
    ['𝒜da', '𝒜'],
    [' - ', '?'],
    ['', '?'],
  ])('shortens %j to %s', (name, short) => {
    expect(initials(name)).toBe(short);
  });
});

describe('a lock', () => {
  it('is free, mine or of somebody with a name', () => {
    const of = (locks: JobLock[]) => lockOn(companyOf(row([], locks), ME), 'j1', ME);
    expect(of([])).toEqual({ kind: 'free' });
    expect(of([lock(ME, 'Marta')])).toEqual({ kind: 'mine' });
    expect(of([lock('olga', 'Olga Orlova')])).toEqual({
      kind: 'theirs',
      name: 'Olga Orlova',
      initials: 'OO',
    });
  });

  it('is taken over from whoever held it, whether or not a state has told that they did', () => {
    const company = (...locks: JobLock[]) => companyOf(row([], locks), ME);
    const asked = (held: JobLock | null, now: JobLock) => takenOverBy(held, company(now), ME)?.name ?? null;
    const mine = lock(ME, 'Marta');
    const theirs = { ...lock('olga', 'Olga', ME), since: '2026-11-21T09:00:05Z' };
    expect(asked(mine, theirs)).toBe('Olga');
    expect(asked(mine, mine)).toBeNull();
    expect(asked(null, theirs)).toBeNull();
    // It was somebody else's that ended, or one from before.
    expect(asked(mine, { ...theirs, taken_from: 'ivan' })).toBeNull();
    expect(asked({ ...mine, since: '2026-11-21T09:00:09Z' }, theirs)).toBeNull();
    expect(takenOverBy(mine, company(), ME)).toBeNull();
  });
});
