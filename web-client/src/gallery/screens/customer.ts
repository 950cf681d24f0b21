/** The customer's part: times that go, a hold, and a visit in every state. */
import type { BookingRow, BookingStatus, JobStatus, Row, SlotsBody, VisitRow } from '../../wire';
import { ADA, SERVICES, zonesOf } from '../company';
import type { Act, Preset, Presets, Today } from '../preset';

const CHOSEN = '/?service=standard&zone=center';

const page = (today: Today, fields: Partial<Preset>): Preset => ({
  path: '/',
  area: 'customer',
  user: null,
  zones: zonesOf(today),
  services: SERVICES,
  shows: 'h1',
  ...fields,
});

function slots(today: Today): Readonly<Record<string, SlotsBody['free']>> {
  const free = (days: number): SlotsBody['free'] =>
    [8, 9, 10, 13, 14, 15, 17, 18].flatMap((hour, i) =>
      days % 5 === 4 || i < days % 3
        ? []
        : [
            { service: 'standard', start: today.at(hour + 24 * days), by: 1 + ((hour + days) % 4) },
            { service: 'standard', start: today.at(hour + 24 * days, 30), by: 1 },
          ],
    );
  return Object.fromEntries(
    Array.from({ length: 14 }, (_, days) => [
      `slots:center:${today.day(days)}`,
      days === 0 ? [] : free(days),
    ]),
  );
}

const adaRow: Row = {
  kind: 'customer',
  id: ADA.id,
  version: 1,
  name: ADA.name,
  phone: '+49 30 555 12',
  email: null,
};
const HOME: Row = {
  kind: 'property',
  id: 'home',
  version: 1,
  zone: 'center',
  address: 'Alte Schönhauser Straße 112, Hinterhaus, 4th floor',
  district: 'Old Town',
  access_notes: '',
  lon: 13.4,
  lat: 52.52,
};

const booking = (
  id: string,
  status: BookingStatus,
  startsAt: string,
  fields: Partial<BookingRow> = {},
): Row => ({
  kind: 'booking',
  id,
  version: 1,
  status,
  zone: 'center',
  service: 'standard',
  property: 'home',
  address: 'Alte Schönhauser Straße 112, Hinterhaus, 4th floor',
  starts_at: startsAt,
  duration_minutes: 120,
  price_minor: 8900,
  currency: 'EUR',
  cancel_until_hours: 24,
  ...fields,
});

const WAY: readonly JobStatus[] = [
  'unassigned',
  'assigned',
  'acknowledged',
  'en_route',
  'arrived',
  'in_progress',
  'completed',
  'verified',
];
const THROUGH: Record<JobStatus, number> = {
  unassigned: 1,
  assigned: 2,
  acknowledged: 3,
  en_route: 4,
  arrived: 5,
  in_progress: 6,
  paused: 6,
  completed: 7,
  verified: 8,
  cancelled: 1,
  no_access: 5,
  cleaner_no_show: 3,
};
const BOOKED: Partial<Record<JobStatus, BookingStatus>> = {
  arrived: 'in_service',
  in_progress: 'in_service',
  paused: 'in_service',
  completed: 'completed',
  verified: 'closed',
  cancelled: 'cancelled',
  no_access: 'not_served',
};

function visit(status: JobStatus, today: Today): VisitRow {
  const passed = WAY.slice(0, THROUGH[status]);
  const times = Object.fromEntries(passed.map((each, i) => [each, today.in(9 * (i - passed.length))]));
  return {
    id: 'visit',
    version: 1,
    number: 3001,
    status,
    times: { ...times, [status]: today.in(-4) },
    crew: status === 'unassigned' || status === 'cancelled' ? [] : [{ id: 'anna', first_name: 'Anna' }],
  };
}

/** A visit that is followed. One that is still to come is some days away, where it can be cancelled. */
const track = (status: JobStatus, fields: Partial<Preset> = {}) => {
  return (today: Today): Preset => {
    const ahead = THROUGH[status] < 4 && status !== 'cleaner_no_show';
    const row = booking('b1', BOOKED[status] ?? 'confirmed', ahead ? today.at(10 + 72) : today.in(10));
    return page(today, {
      path: '/bookings/b1',
      user: ADA,
      rows: {
        [`customer:${ADA.id}`]: [adaRow, HOME, row],
        'booking:b1': [row, { kind: 'visit', ...visit(status, today) }],
      },
      slots: slots(today),
      live: {
        'track:b1': [
          {
            kind: 'track',
            id: 'anna',
            version: 1,
            at: today.in(-1),
            lon: 13.415,
            lat: 52.512,
            arrives_at: today.in(9),
          },
        ],
      },
      shows: '#visit-headline',
      ...fields,
    });
  };
};

const hold = (minutes: number, extended: boolean) => (today: Today) =>
  page(today, {
    path: CHOSEN,
    user: ADA,
    rows: {
      [`customer:${ADA.id}`]: [
        {
          kind: 'hold',
          id: 'hold-1',
          version: 1,
          zone: 'center',
          service: 'standard',
          starts_at: today.at(10 + 24),
          expires_at: new Date(today.now + minutes * 60_000).toISOString(),
          extended,
        },
      ],
    },
    shows: 'form',
  });

const click = (what: string): Act => ({ kind: 'click', what });

export const CUSTOMER: Presets = {
  'what to clean': (today) => page(today, {}),
  'nothing sold': (today) => page(today, { services: [], shows: 'main p' }),
  where: (today) =>
    page(today, {
      path: '/?service=standard',
      user: ADA,
      rows: { [`customer:${ADA.id}`]: [adaRow, HOME] },
      shows: 'h2',
    }),
  times: (today) => page(today, { path: CHOSEN, slots: slots(today), shows: '[data-start]' }),
  'a day without times': (today) =>
    page(today, { path: `${CHOSEN}&date=${today.day(4)}`, slots: slots(today), shows: 'fieldset' }),
  'no times at all': (today) => page(today, { path: CHOSEN, shows: 'fieldset' }),
  'a time gone': (today) =>
    page(today, {
      path: CHOSEN,
      user: ADA,
      slots: slots(today),
      acts: [click('[data-start]')],
      outcome: {
        outcome: 'rejected',
        code: 'slot_gone',
        message: '',
        details: {
          alternatives: [9, 10.5, 34].map((hour) => ({
            zone: 'center',
            service: 'standard',
            start: today.at(hour + 24),
          })),
        },
      },
      shows: 'dialog',
    }),
  'a time held': hold(8, false),
  'a hold about to end': hold(0.7, true),
  'details missing': (today) => ({
    ...hold(8, true)(today),
    acts: [click('[type=submit]')],
    shows: '[aria-invalid]',
  }),
  bookings: (today) =>
    page(today, {
      path: '/bookings',
      user: ADA,
      rows: {
        [`customer:${ADA.id}`]: [
          adaRow,
          HOME,
          booking('b1', 'in_service', today.in(-20)),
          booking('b2', 'confirmed', today.at(10 + 72)),
          booking('b3', 'completed', today.at(10 - 72)),
          booking('b4', 'cancelled', today.at(10 - 96)),
          booking('b5', 'not_served', today.at(10 - 240), { service: 'windows' }),
        ],
      },
      shows: 'a[href="/bookings/b5"]',
    }),
  'no bookings': (today) =>
    page(today, {
      path: '/bookings',
      user: ADA,
      rows: { [`customer:${ADA.id}`]: [adaRow] },
      shows: 'main p',
    }),
  ...Object.fromEntries(
    (Object.keys(THROUGH) as JobStatus[]).map((status) => [`visit ${status}`, track(status)] as const),
  ),
  'cancelling a visit': track('acknowledged', {
    acts: [{ kind: 'see', what: '[data-step]' }, click('aside button:last-of-type')],
    shows: 'dialog',
  }),
  'a visit of somebody else': track('assigned', { closed: ['booking:b1'], shows: 'main p' }),
  'no network': track('en_route', {
    acts: [
      { kind: 'see', what: '#visit-headline' },
      { kind: 'network', as: 'offline' },
    ],
    shows: '[data-link=offline]',
  }),
  'no such page': (today) => page(today, { path: '/nowhere', shows: 'a[href="/"]' }),
};
