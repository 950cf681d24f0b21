import { describe, expect, it } from 'vitest';
import type { InstanceRow } from '../../wire';
import { aboutOf, difference, madeBy } from './difference';
import { daysRange, instantsOf, spanOf } from './moments';
import { NO_PAGES, pagesReducer, pathOf } from './reading';
import { KEPT, sampled } from './samples';
import { afterOutcome } from './saving';
import { clockMinutes, clockText, dayText, hoursText, readDay, readHours, slugOf } from './week';

describe('hours', () => {
  it('are read as people write them', () => {
    expect(['8', '08:00', '8.30', '24:00', '24:01', '7:60', 'noon'].map(clockMinutes)).toEqual([
      480,
      480,
      510,
      1440,
      null,
      null,
      null,
    ]);
    expect(clockText(510)).toBe('08:30');
  });

  it('of a day are several, and go over midnight', () => {
    const hours = [
      { starts: 480, ends: 720 },
      { starts: 1320, ends: 1800 },
    ];
    expect(hoursText(hours)).toBe('08:00–12:00, 22:00–06:00');
    expect(readHours('08:00–12:00, 22:00–06:00')).toEqual(hours);
    expect(readHours('8-12')).toEqual([{ starts: 480, ends: 720 }]);
    expect(readHours(' ')).toEqual([]);
    expect(readHours('8–12–16')).toBeNull();
    expect(readHours('morning')).toBeNull();
  });

  it('of opening are closed, or close after they open', () => {
    expect(readDay(dayText({ opens: 480, closes: 1440 }))).toEqual({ opens: 480, closes: 1440 });
    expect(readDay(dayText(null))).toBeNull();
    expect(readDay({ open: true, from: '10:00', to: '09:00' })).toBeUndefined();
  });

  it('become instants by the clock of the zone, on days that change it too', () => {
    const span = { date: '2026-10-25', from: '01:00', to: '05:00' };
    const instants = instantsOf(span, 'Europe/Berlin');
    expect(instants).toEqual({ start: '2026-10-24T23:00:00.000Z', end: '2026-10-25T04:00:00.000Z' });
    const over = instantsOf({ date: '2026-11-20', from: '22:00', to: '06:00' }, 'UTC');
    expect(over?.end).toBe('2026-11-21T06:00:00.000Z');
    expect(instantsOf({ ...span, from: '?' }, 'UTC')).toBeNull();
    expect(spanOf(instants?.start ?? '', instants?.end ?? '', 'Europe/Berlin')).toEqual(span);
    expect(daysRange('2026-11-20', '2026-11-20', 'UTC').until).toBe('2026-11-21T00:00:00.000Z');
  });
});

it.each([
  ['Old Town', 'old-town'],
  ['  Zürich – Süd! ', 'zurich-sud'],
  ['Große Straße', 'grosse-strasse'],
  ['Хамовники', 'khamovniki'],
  ['北京', ''],
  ['x'.repeat(60), 'x'.repeat(40)],
])('%s is called %s in addresses', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

describe('a difference', () => {
  it('tells each field that changed, and of lists what came and went', () => {
    const before = { name: 'Center', zones: ['a', 'b'], hours: { opens: 1, closes: 2 }, version: 1 };
    const after = { name: 'Centre', zones: ['b', 'c'], hours: { opens: 1, closes: 3 }, version: 2 };
    expect(difference(before, after)).toEqual([
      { kind: 'changed', path: 'name', before: 'Center', after: 'Centre' },
      { kind: 'list', path: 'zones', gone: ['a'], came: ['c'] },
      { kind: 'changed', path: 'hours.closes', before: 2, after: 3 },
    ]);
    expect(difference(before, { ...before })).toEqual([]);
    expect(difference({ email: null }, {})).toEqual([]);
  });

  it('is what a command’s facts have over the facts of their kind before', () => {
    const saved = (command_id: string, name: string) => ({
      kind: 'zone.saved',
      command_id,
      body: { zone: { slug: 'a', name } },
    });
    const facts = [saved('1', 'Old'), saved('2', 'Old Town'), saved('3', 'Newer')];
    expect(madeBy('2', facts)).toEqual([{ kind: 'changed', path: 'name', before: 'Old', after: 'Old Town' }]);
    expect(madeBy('1', facts)).toHaveLength(2);
    expect(madeBy('4', facts)).toEqual([]);
  });

  it('is looked for at the row that a command named', () => {
    expect(aboutOf('admin.zone_save', { slug: 'center' })).toBe('zone:center');
    expect(aboutOf('job.assign', { cleaner: 'c', job: 'j' })).toBe('job:j');
    expect(aboutOf('admin.cleaner_save', { name: 'New' })).toBeNull();
  });
});

describe('a form that was sent', () => {
  it('names the field at fault, who was quicker, and the jobs in the way', () => {
    const accepted = { outcome: 'accepted', result: {}, positions: {} } as const;
    expect(afterOutcome(accepted, null)).toBeNull();
    const invalid = {
      outcome: 'refused',
      code: 'invalid_argument',
      message: '',
      details: { field: 'name' },
    } as const;
    expect(afterOutcome(invalid, 'slug')).toMatchObject({ kind: 'objected', field: 'name' });
    const rejected = { outcome: 'rejected', message: '' } as const;
    expect(afterOutcome({ ...rejected, code: 'already_exists' }, 'slug')).toMatchObject({ field: 'slug' });
    expect(afterOutcome({ ...rejected, code: 'in_use' }, 'slug')).toMatchObject({ field: null });
    expect(afterOutcome({ ...rejected, code: 'stale_version', details: { current: 4 } }, null)).toEqual({
      kind: 'stale',
      current: 4,
    });
    expect(afterOutcome({ ...rejected, code: 'jobs_affected', details: { jobs: ['j'] } }, null)).toEqual({
      kind: 'affected',
      jobs: ['j'],
    });
  });
});

describe('a list', () => {
  it('grows page by page, and keeps its rows while it is read again', () => {
    const came = (rows: string[], next: string | null, on: boolean) =>
      ({ kind: 'came', rows, next, on }) as const;
    const first = pagesReducer<string>(NO_PAGES, came(['a'], 'a', false));
    expect(pagesReducer(first, { kind: 'asked', anew: false }).rows).toEqual(['a']);
    const all = pagesReducer(first, came(['b'], null, true));
    expect(all).toMatchObject({ kind: 'ready', rows: ['a', 'b'], next: null });
    expect(pagesReducer(all, { kind: 'failed', code: 'x' })).toMatchObject({
      kind: 'failed',
      rows: ['a', 'b'],
    });
    expect(pagesReducer(all, { kind: 'asked', anew: true })).toBe(NO_PAGES);
  });

  it('is asked for without what is not said', () => {
    expect(pathOf('/x', { a: undefined, b: '', c: [], d: ['e', 'f'], g: false, h: 1 })).toBe(
      '/x?d=e%2Cf&g=false&h=1',
    );
    expect(pathOf('/x', {})).toBe('/x');
  });
});

describe('samples of instances', () => {
  const row = (version: number, accepted: number): InstanceRow => ({
    ...{ id: 'one', version, at: new Date(version * 5000).toISOString(), started_at: '', release: '' },
    ...{ connections: 3, channels: 1, queued_bytes: 0, queued_most_bytes: 0, outbound_batches: 0 },
    ...{ log_age_ms: 5, database_connections: 1, database_connections_idle: 1, accepted, rejected: 0 },
    ...{ refused: 0, errors: 0, timers_overdue: 0, timers_overdue_seconds: null },
  });

  it('count commands per second between two of them, once each', () => {
    const first = sampled(new Map(), [row(1, 10)]);
    const second = sampled(first, [row(2, 60)]);
    expect(second.get('one')?.series.map((each) => each.commandsPerSecond)).toEqual([0, 10]);
    expect(sampled(second, [row(2, 60)])).toEqual(second);
    expect(sampled(second, []).size).toBe(0);
  });

  it('are bounded', () => {
    let samples = sampled(new Map(), []);
    for (let at = 0; at < KEPT + 5; at++) samples = sampled(samples, [row(at, 0)]);
    expect(samples.get('one')?.series).toHaveLength(KEPT);
  });
});
