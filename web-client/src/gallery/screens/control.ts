/** The control room: a full day with a job in every state, and the ways in which it can fail. */
import type { AlertKind, AlertRow, JobId, LiveRow, PresenceRow, QueryAnswers, Row } from '../../wire';
import { cleaner, IGOR, job, MARTA, SERVICES, shift, zonesOf } from '../company';
import type { Act, Preset, Presets, Today } from '../preset';

const OLGA = { id: 'olga-desk', name: 'Olga Orlova' } as const;
const PEOPLE: readonly (readonly [id: string, name: string])[] = [
  ['anna', 'Anna Berg'],
  ['boris', 'Boris Weiss'],
  ['carla', 'Carla Díaz Fernández'],
  ['dmitri', 'Дмитрий Александрович Верхоянский'],
  ['emil', 'Emil Kraus'],
  ['fatma', 'Fatma Yıldız'],
  ['greta', 'Greta Lund'],
  ['hugo', 'Hugo Maximilian van der Steenhoven'],
  ['ines', 'Inês Sousa'],
  ['jan', 'Jan Novák'],
];

const alert = (
  id: string,
  of: JobId,
  about: AlertKind,
  today: Today,
  fields: Partial<AlertRow> = {},
): Row => ({
  kind: 'alert',
  id,
  version: 1,
  job: of,
  about,
  level: 'warning',
  status: 'open',
  raised_at: today.in(-20),
  snoozed_until: null,
  handled_by: null,
  ...fields,
});

function crew(today: Today): readonly Row[] {
  return [
    ...PEOPLE.map(([id, name], i) =>
      cleaner(id, name, {
        skills: i % 3 === 0 ? [] : ['deep'],
        duty: i === 4 ? 'break' : i === 8 ? 'off' : 'on',
      }),
    ),
    ...PEOPLE.map(([id], i) => shift(id, today, 7 + (i % 3), 17 + (i % 2))),
    {
      kind: 'time_off',
      id: 'off-jan',
      version: 1,
      cleaner: 'jan',
      starts_at: today.at(14),
      ends_at: today.at(18),
    },
  ];
}

function fullDay(today: Today): readonly Row[] {
  const { at, in: soon } = today;
  const deep = { service: 'deep', duration_minutes: 240 } as const;
  return [
    ...crew(today),
    job(1001, 'unassigned', soon(-10), [null]),
    job(1002, 'unassigned', at(13), [null], { at_risk: true }),
    job(1003, 'unassigned', at(14), ['greta', null], deep),
    job(1004, 'unassigned', at(16), [null], { customer_name: null, customer_phone: null }),
    job(1010, 'completed', at(7, 30), ['anna']),
    job(1011, 'in_progress', at(10, 30), ['anna']),
    job(1012, 'assigned', at(14, 30), ['anna']),
    job(1020, 'verified', at(8, 30), ['boris']),
    job(1021, 'arrived', soon(-15), ['boris']),
    job(1030, 'cancelled', at(9), ['carla']),
    job(1031, 'en_route', soon(25), ['carla']),
    job(1040, 'no_access', at(8, 30), ['dmitri']),
    job(1041, 'acknowledged', at(12, 30), ['dmitri'], { at_risk: true }),
    job(1050, 'paused', at(9, 45), ['emil']),
    job(1060, 'cleaner_no_show', at(8, 30), ['fatma']),
    job(1061, 'assigned', soon(-30), ['fatma']),
    job(1070, 'acknowledged', at(15), ['hugo', 'ines'], deep),
    job(1071, 'acknowledged', at(11, 45), ['hugo'], { duration_minutes: 90, service: 'windows' }),
    job(1080, 'assigned', at(12, 30), ['jan']),
    alert('a1', 'job-1061', 'late', today, { level: 'urgent' }),
    alert('a2', 'job-1060', 'no_show', today, { level: 'urgent' }),
    alert('a3', 'job-1001', 'unassigned', today),
    alert('a4', 'job-1041', 'at_risk', today, { status: 'acknowledged', handled_by: OLGA.id }),
    alert('a5', 'job-1021', 'no_check_in', today, { status: 'snoozed', snoozed_until: soon(12) }),
  ];
}

function presence(today: Today, fields: Partial<PresenceRow> = {}): LiveRow {
  return {
    kind: 'presence',
    id: 'center',
    version: 1,
    counts: { customers: 14, visitors: 31, cleaners: 8, dispatchers: 3 },
    cleaners: [{ id: 'anna', name: 'Anna Berg' }],
    dispatchers: [
      { id: MARTA.id, name: MARTA.name, role: 'dispatcher' },
      { ...OLGA, role: 'manager', focus: { job: 'job-1041', typing: true } },
      { id: 'pavel', name: 'Pavel Konstantinovich Dubrowski', role: 'dispatcher' },
    ],
    locks: [{ job: 'job-1002', holder: OLGA.id, name: OLGA.name, since: today.in(-2) }],
    ...fields,
  };
}

function answers(today: Today): Partial<QueryAnswers> {
  const by = (id: string, minutes: number) => ({ at: today.in(minutes), by: id, on_behalf_of: null });
  return {
    'job.targets': {
      job: 'job-1002',
      version: 3,
      cleaners: PEOPLE.map(([id], i) => ({
        cleaner: id,
        starts: i % 2 === 0 ? [today.at(13), today.at(13, 30)] : [today.at(15)],
        against: i % 2 === 0 ? null : i === 1 ? { code: 'overlap', details: {} } : { code: 'outside_shift' },
      })),
    },
    'job.history': {
      job: 'job-1011',
      complete: true,
      people: [
        { id: MARTA.id, name: MARTA.name, role: 'dispatcher' },
        { id: 'anna', name: 'Anna Berg', role: 'cleaner' },
        { id: 'customer-1011', name: 'Ben Okafor', role: 'customer' },
      ],
      entries: [
        { ...by('anna', -5), what: { kind: 'started' } },
        { ...by('anna', -12), what: { kind: 'arrived' } },
        { ...by('anna', -40), on_behalf_of: 'anna', what: { kind: 'departed' } },
        { ...by('anna', -120), what: { kind: 'acknowledged' } },
        { at: today.in(-130), by: null, on_behalf_of: null, what: { kind: 'at_risk' } },
        { ...by(MARTA.id, -200), what: { kind: 'moved', starts_at: today.at(10, 30) } },
        { ...by(MARTA.id, -210), what: { kind: 'assigned', seat: 0, cleaner: 'anna', instead_of: null } },
        { ...by('customer-1011', -1500), what: { kind: 'booked', starts_at: today.at(10) } },
      ],
    },
  };
}

function positions(today: Today): readonly LiveRow[] {
  return ['anna', 'boris', 'carla', 'dmitri'].map((id, i) => ({
    kind: 'position',
    id,
    version: i + 1,
    at: today.in(-i),
    lon: 13.37 + i * 0.02,
    lat: 52.5 + i * 0.01,
    accuracy_m: 20 + i * 40,
    heading: i * 90,
    ...(i === 2 ? { to: 'booking-1031' } : {}),
  }));
}

const room = (today: Today, rows: readonly Row[], fields: Partial<Preset> = {}): Preset => ({
  path: '/control',
  area: 'staff',
  user: MARTA,
  zones: zonesOf(today),
  services: SERVICES,
  rows: { [`control:center:${today.date}`]: rows },
  live: { 'presence:center': [presence(today)], 'positions:center': positions(today) },
  answers: answers(today),
  shows: '[data-job="1011"]',
  ...fields,
});

const SEEN: Act = { kind: 'see', what: '[data-job="1011"]' };
const key = (key: string): Act => ({ kind: 'key', key });
const click = (what: string): Act => ({ kind: 'click', what });
const onPage = (fields: Partial<Preset>) => (today: Today) => room(today, fullDay(today), fields);

export const CONTROL: Presets = {
  'a full day': onPage({}),
  'a job chosen': onPage({
    acts: [click('[data-job="1021"][data-status]')],
    shows: '[role=tablist]',
  }),
  'a job’s cleaners': onPage({
    acts: [click('[data-job="1002"] button'), click('[role=tab]:nth-child(2)')],
    shows: '[role=tab]:nth-child(2)[aria-selected=true]',
  }),
  'a job’s history': onPage({
    acts: [click('[data-job="1011"][data-status]'), click('[role=tab]:nth-child(4)')],
    shows: '[role=tab]:nth-child(4)[aria-selected=true]',
  }),
  'choosing a cleaner': onPage({
    acts: [SEEN, click('[data-action=assign]')],
    shows: '[data-job="1011"]',
  }),
  'an assignment turned down': onPage({
    acts: [SEEN, key('j'), key('a'), key('ArrowDown'), key('ArrowDown'), key('Enter')],
    outcome: { outcome: 'rejected', code: 'overlap', message: '', details: {} },
    shows: '[data-setback]',
    sizes: ['desk'],
  }),
  'keys explained': onPage({ acts: [SEEN, key('?')], shows: 'dialog', sizes: ['desk'] }),
  'an empty day': (today) => room(today, crew(today), { shows: 'main, section' }),
  'nobody on shift': (today) => room(today, [], { shows: 'main, section' }),
  'a channel closed': (today) =>
    room(today, [], { closed: [`control:center:${today.date}`], shows: '[role=alert]:not(:empty)' }),
  'connection lost': onPage({
    acts: [SEEN, { kind: 'network', as: 'cut' }],
    shows: '[data-link=reconnecting]',
  }),
  'no network': onPage({
    acts: [SEEN, { kind: 'network', as: 'offline' }],
    shows: '[data-link=offline]',
  }),
  'catching up': onPage({
    acts: [SEEN, { kind: 'network', as: 'stalled' }],
    shows: '[data-link=catching_up]',
  }),
  'nothing heard for long': onPage({ silent: true }),
  'an admin looks': onPage({ user: IGOR }),
  'nobody signed in': onPage({ user: null, shows: 'a[href="/sign-in"]' }),
};
