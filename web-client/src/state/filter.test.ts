import { describe, expect, it } from 'vitest';
import type { CleanerRow, JobRow } from '../wire';
import { type Filter, filterFrom, matcher, NO_FILTER, searchOf, wishes } from './filter';

const job = (over: Partial<JobRow>): JobRow => ({
  id: 'j1',
  version: 1,
  number: 1042,
  status: 'assigned',
  at_risk: false,
  service: 'standard',
  starts_at: '2026-11-20T10:00:00Z',
  duration_minutes: 60,
  travel_buffer_minutes: 15,
  seats: ['irina'],
  lead: 'irina',
  booking: 'b1',
  booking_version: 1,
  booking_status: 'confirmed',
  customer: 'c1',
  customer_name: 'Zoë Müller',
  customer_phone: '+49 30 5550123',
  address: '1 Garden Street',
  district: 'Old Town',
  access_notes: '',
  lon: 13.4,
  lat: 52.5,
  times: {},
  ...over,
});
const cleaner = (id: string, name: string, skills: string[] = []): CleanerRow => ({
  id,
  version: 1,
  name,
  phone: null,
  zones: ['center'],
  skills,
  duty: 'on',
  active: true,
});
const IRINA = cleaner('irina', 'Irina Petrova', ['windows']);
const OLGA = cleaner('olga', 'Olga Berg');
const only = (over: Partial<Filter>) => matcher({ ...NO_FILTER, ...over });

describe('a filter in the address', () => {
  it('comes back as it was written', () => {
    const filter: Filter = {
      text: 'garden',
      statuses: ['unassigned', 'en_route'],
      services: ['deep'],
      cleaners: ['irina'],
      skills: ['windows'],
      atRisk: true,
    };
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(searchOf(filter))) if (value !== null) search.set(key, value);
    expect(filterFrom(new URLSearchParams(search.toString()))).toEqual(filter);
    expect(wishes(filter)).toBe(7);
  });

  it('leaves out what is empty, twice there, or unknown', () => {
    expect(Object.values(searchOf(NO_FILTER))).toEqual([null, null, null, null, null, null]);
    const filter = filterFrom(new URLSearchParams('status=assigned,assigned,toString,nonsense,&risk=yes'));
    expect(filter).toEqual({ ...NO_FILTER, statuses: ['assigned'] });
  });
});

describe('what a filter lets through', () => {
  it('is everything when nothing is wished for', () => {
    const all = only({ text: '  ' });
    expect(all.all).toBe(true);
    expect(all.job(job({}), [])).toBe(true);
    expect(all.row(OLGA, [])).toBe(true);
  });

  it('is a job by its state, service and risk, together', () => {
    const wanted = only({ statuses: ['assigned', 'unassigned'], services: ['standard'], atRisk: true });
    expect(wanted.job(job({ at_risk: true }), [IRINA])).toBe(true);
    expect(wanted.job(job({}), [IRINA])).toBe(false);
    expect(wanted.job(job({ at_risk: true, service: 'deep' }), [IRINA])).toBe(false);
    expect(wanted.job(job({ at_risk: true, status: 'completed' }), [IRINA])).toBe(false);
  });

  it.each(['zoe', 'MÜLLER', 'muller', 'J-1042', '555', 'garden  street', 'old town', 'petrova'])(
    'is a job that bears the text %s',
    (text) => expect(only({ text }).job(job({}), [IRINA])).toBe(true),
  );

  it('is not a job that bears the text nowhere', () => {
    expect(only({ text: 'berg' }).job(job({}), [IRINA])).toBe(false);
  });

  it('is a job by who is on it; one that waits for somebody stays where a skill is asked for', () => {
    expect(only({ cleaners: ['olga'] }).job(job({}), [IRINA])).toBe(false);
    expect(only({ cleaners: ['olga'] }).job(job({}), [IRINA, OLGA])).toBe(true);
    expect(only({ cleaners: ['olga'] }).job(job({}), [])).toBe(false);
    expect(only({ skills: ['windows'] }).job(job({}), [])).toBe(true);
    expect(only({ skills: ['windows'] }).job(job({}), [OLGA])).toBe(false);
  });

  it('is a row by its cleaner, their name, or a job that is wished for', () => {
    expect(only({ skills: ['windows'] }).row(OLGA, [job({})])).toBe(false);
    expect(only({ text: 'olga' }).row(OLGA, [])).toBe(true);
    expect(only({ text: 'garden' }).row(OLGA, [])).toBe(false);
    expect(only({ text: 'garden' }).row(OLGA, [job({})])).toBe(true);
    expect(only({ text: 'olga', statuses: ['paused'] }).row(OLGA, [job({})])).toBe(false);
    expect(only({ text: 'olga', statuses: ['paused'] }).row(OLGA, [job({ status: 'paused' })])).toBe(true);
    expect(only({ statuses: ['paused'] }).staff(OLGA)).toBe(true);
  });
});
