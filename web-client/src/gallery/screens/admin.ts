/** The administration: each of its lists full and empty, and signing in. */
import type { AuditRecord, LiveRow, QueryAnswers, ShiftHours } from '../../wire';
import { IGOR, SERVICES, zonesOf } from '../company';
import type { Preset, Presets, Today } from '../preset';

const EMPTY: Partial<QueryAnswers> = {
  'catalogue.read': { zones: [], services: [], skills: [] },
  'users.list': { users: [], next: null },
  'cleaners.list': { cleaners: [], next: null },
  'shifts.list': { shifts: [], next: null },
  'templates.list': { templates: [], next: null },
  'time_off.list': { time_off: [], next: null },
};

const NAMES = [
  'Anna Berg',
  'Boris Weiss',
  'Дмитрий Александрович Верхоянский',
  'Hugo Maximilian van der Steenhoven',
];
const DAY: ShiftHours[] = [{ starts: 480, ends: 1020 }];

function full(today: Today): Partial<QueryAnswers> {
  const version = 1;
  const cleaner = (i: number) => ({ cleaner: `cleaner-${i}`, cleaner_name: NAMES[i % NAMES.length] ?? '' });
  return {
    'catalogue.read': {
      zones: [...zonesOf(today)],
      services: SERVICES.map((service, i) => ({ ...service, active: i !== 2 })),
      skills: ['deep', 'ironing'],
    },
    'users.list': {
      users: (['admin', 'manager', 'dispatcher', 'cleaner', 'customer'] as const).map((role, i) => ({
        id: `user-${i}`,
        role,
        name: NAMES[i % NAMES.length] ?? '',
        email: i === 4 ? null : `${role}.with.a.long.address@dispatch.example`,
        disabled: i === 3,
        version,
      })),
      next: 'user-4',
    },
    'cleaners.list': {
      cleaners: NAMES.map((name, i) => ({
        id: `cleaner-${i}`,
        name,
        phone: i === 1 ? null : '+49 30 555 01',
        zones: i === 2 ? ['center', 'north'] : ['center'],
        skills: i === 0 ? [] : ['deep', 'ironing'],
        duty: i === 3 ? 'break' : i === 1 ? 'off' : 'on',
        active: i !== 1,
        version,
      })),
      next: null,
    },
    'shifts.list': {
      shifts: [0, 1, 2, 3].map((i) => ({
        id: `shift-${i}`,
        ...cleaner(i),
        zone: 'center',
        local_date: today.day(i),
        starts_at: today.at(8 + 24 * i),
        ends_at: today.at(17 + 24 * i),
        template: i % 2 === 0 ? 'template-0' : null,
        version,
      })),
      next: null,
    },
    'templates.list': {
      templates: [0, 1].map((i) => ({
        id: `template-${i}`,
        ...cleaner(i),
        zone: 'center',
        week: [DAY, DAY, [], DAY, DAY, [], []],
        valid_from: today.day(-30),
        valid_until: i === 0 ? null : today.day(30),
        exceptions: {},
        version,
      })),
      next: null,
    },
    'time_off.list': {
      time_off: [0, 2].map((i) => ({
        id: `off-${i}`,
        ...cleaner(i),
        starts_at: today.at(24 * (i + 1)),
        ends_at: today.at(24 * (i + 4)),
        reason: i === 0 ? 'Holiday with the family by the sea' : null,
        version,
      })),
      next: null,
    },
  };
}

const decided = (today: Today): readonly AuditRecord[] =>
  (['job.assign', 'job.move', 'admin.zone_save', 'booking.cancel'] as const).map((kind, i) => ({
    at: today.in(-7 * i),
    actor: IGOR.id,
    actor_name: i === 3 ? null : IGOR.name,
    actor_role: i === 3 ? 'system' : 'admin',
    on_behalf_of: null,
    via: 'socket',
    command_id: `command-${i}`,
    kind,
    parameters: {},
    outcome: i === 1 ? 'rejected' : 'accepted',
    code: i === 1 ? 'overlap' : null,
  }));

const instance = (id: string, errors: number, today: Today): LiveRow => ({
  kind: 'instance',
  id,
  version: 1,
  at: errors === 0 ? new Date(today.now).toISOString() : today.in(-1),
  started_at: today.in(-300),
  release: '0.3.0',
  connections: 4182,
  channels: 913,
  queued_bytes: 18_400,
  queued_most_bytes: 9_100,
  outbound_batches: 0,
  log_age_ms: 12,
  database_connections: 20,
  database_connections_idle: 16,
  accepted: 182_441,
  rejected: 913,
  refused: 14,
  errors,
  timers_overdue: errors,
  timers_overdue_seconds: errors === 0 ? null : 12,
});

const page = (
  path: string,
  answers: (today: Today) => Partial<QueryAnswers>,
  fields: Partial<Preset> = {},
) => {
  return (today: Today): Preset => ({
    path,
    area: 'staff',
    user: IGOR,
    zones: zonesOf(today),
    services: SERVICES,
    answers: answers(today),
    http: { 'GET /api/v1/audit': { entries: answers === full ? decided(today) : [], next: null } },
    live: { ops: [instance('a1b2c3d4-1', 0, today), instance('e5f6a7b8-2', 3, today)] },
    shows: 'main h1',
    ...fields,
  });
};

const LISTS = ['zones', 'services', 'cleaners', 'shifts', 'time-off', 'users', 'audit'] as const;

export const ADMIN: Presets = {
  start: page('/admin', full),
  'start of an empty company': page('/admin', () => EMPTY),
  ...Object.fromEntries(
    LISTS.flatMap((list) => [
      [list, page(`/admin/${list}`, full, { shows: 'main table tbody tr' })],
      [`${list}, empty`, page(`/admin/${list}`, () => EMPTY, { shows: 'main h1 ~ *, main header ~ *' })],
    ]),
  ),
  'a new zone': page('/admin/zones?edit=new', full, { shows: 'main form, dialog' }),
  'a new service': page('/admin/services?edit=new', full, { shows: 'main form, dialog' }),
  'a new cleaner': page('/admin/cleaners?edit=new', full, { shows: 'main form, dialog' }),
  'a new shift': page('/admin/shifts?edit=new', full, { shows: 'main form, dialog' }),
  import: page('/admin/import', full),
  live: page('/admin/live', full, { shows: 'article' }),
  unreachable: page('/admin/zones', () => ({}), { shows: '[role=alert]' }),
  'not theirs': page('/admin/zones', full, {
    user: { id: 'marta', role: 'dispatcher', name: 'Marta Lindqvist' },
    shows: 'main p',
  }),
};

const signIn =
  (fields: Partial<Preset>) =>
  (today: Today): Preset => ({
    path: '/sign-in',
    area: 'customer',
    user: null,
    zones: zonesOf(today),
    services: SERVICES,
    shows: 'form',
    ...fields,
  });

const turnedDown = (status: number, code: string): Partial<Preset> => ({
  http: { 'POST /api/v1/sessions': new Response(JSON.stringify({ code }), { status }) },
  acts: [
    { kind: 'fill', what: 'input[name=email]', with: 'anna@dispatch.example' },
    { kind: 'fill', what: 'input[name=password]', with: 'wrong' },
    { kind: 'click', what: '[type=submit]' },
  ],
  shows: 'form [role=alert]',
});

export const SIGN_IN: Presets = {
  'signing in': signIn({}),
  'a wrong password': signIn(turnedDown(401, 'unauthenticated')),
  'too many tries': signIn(turnedDown(429, 'rate_limited')),
};
