/** The cleaner's app: every next step, an empty day, and a day without a network. */
import type { Entry, StepKind } from '../../hub/outbox';
import type { AgendaJobRow, JobStatus, Row } from '../../wire';
import { ANNA, cleaner, SERVICES, shift, zonesOf } from '../company';
import type { Preset, Presets, Today } from '../preset';

function own(
  number: number,
  status: JobStatus,
  startsAt: string,
  today: Today,
  fields: Partial<AgendaJobRow> = {},
): Row {
  return {
    kind: 'agenda_job',
    id: `job-${number}`,
    version: 1,
    number,
    status,
    zone: 'center',
    service: 'standard',
    local_date: today.date,
    starts_at: startsAt,
    duration_minutes: 120,
    travel_buffer_minutes: 30,
    customer_name: 'Maximiliane von Hohenfels-Berg',
    customer_phone: '+49 30 555 77',
    address: 'Alte Schönhauser Straße 112, Hinterhaus, 4th floor',
    access_notes: 'Second bell from the top. The key is with the neighbour, Mr. Okafor.',
    lon: 13.4,
    lat: 52.52,
    lead: true,
    with: [],
    times: {},
    ...fields,
  };
}

function open(
  number: number,
  startsAt: string,
  fields: Partial<Extract<Row, { kind: 'open_job' }>> = {},
): Row {
  return {
    kind: 'open_job',
    id: `job-${number}`,
    version: 1,
    number,
    service: 'standard',
    starts_at: startsAt,
    duration_minutes: 120,
    travel_buffer_minutes: 30,
    crew_size: 1,
    open_seats: 1,
    crew: [],
    district: 'Riverside',
    lon: 13.39,
    lat: 52.5,
    ...fields,
  };
}

const self = (today: Today, duty: 'on' | 'off' | 'break' = 'on'): readonly Row[] => [
  cleaner(ANNA.id, ANNA.name, { skills: [], duty }),
  ...[0, 1, 2, 4].map((days) => shift(ANNA.id, today, 8, 17, days)),
];

const rest = (today: Today): readonly Row[] => [
  own(2020, 'completed', today.at(8), today, { address: 'Am Park 5', access_notes: '' }),
  own(2021, 'acknowledged', today.at(14, 30), today, {
    address: 'Lindenallee 24',
    customer_name: null,
    service: 'windows',
    duration_minutes: 90,
  }),
  own(2022, 'assigned', today.at(9 + 24), today, { local_date: today.day(1), address: 'Garden Street 1' }),
  own(2023, 'assigned', today.at(9 + 48), today, { local_date: today.day(2), lead: false, with: ['Olga'] }),
];

const board = (today: Today): readonly Row[] => [
  open(2101, today.at(12, 30)),
  open(2102, today.at(10 + 24), { service: 'deep', crew_size: 2, duration_minutes: 240 }),
  open(2103, today.at(11 + 24), { service: 'windows', duration_minutes: 90, district: 'Old Town' }),
];

interface Day {
  readonly agenda: readonly Row[];
  readonly board?: readonly Row[];
}

const day = (today: Today, { agenda, board: offered }: Day, fields: Partial<Preset> = {}): Preset => ({
  path: '/work',
  area: 'cleaner',
  user: ANNA,
  zones: zonesOf(today),
  services: SERVICES,
  rows: { [`agenda:${ANNA.id}`]: agenda, 'board:center': offered ?? board(today) },
  shows: 'main h1',
  sizes: ['phone'],
  ...fields,
});

const REACHED: readonly JobStatus[] = ['acknowledged', 'en_route', 'arrived', 'in_progress', 'paused'];

/** A job in a state, with the times at which it came through those before. */
const at = (status: JobStatus, fields: Partial<AgendaJobRow> = {}) => {
  return (today: Today): Preset => {
    const passed = REACHED.slice(0, REACHED.indexOf(status) + 1);
    const times = Object.fromEntries(passed.map((each, i) => [each, today.in(10 * (i - passed.length))]));
    const current = own(2019, status, today.in(status === 'in_progress' ? -30 : 30), today, {
      times,
      ...fields,
    });
    return day(today, { agenda: [...self(today), ...rest(today), current] });
  };
};

const did = (order: number, kind: StepKind, today: Today, fields: Partial<Entry> = {}): Entry => ({
  id: `action-${order}`,
  account: ANNA.id,
  action: { kind, parameters: { job: 'job-2019' } },
  number: 2019,
  order,
  madeAt: today.now - (10 - order) * 60_000,
  standing: { kind: 'waiting', tries: 0 },
  ...fields,
});

const tab = (name: string, filled: boolean) => {
  return (today: Today): Preset =>
    day(
      today,
      filled
        ? { agenda: [...self(today), ...rest(today), own(2019, 'acknowledged', today.in(30), today)] }
        : { agenda: self(today, 'off'), board: [] },
      { path: `/work?tab=${name}`, shows: name === 'me' ? 'main > *' : 'main h1, main h2, main p' },
    );
};

const withOutbox = (outbox: (today: Today) => readonly Entry[], offline: boolean) => (today: Today) =>
  day(
    today,
    { agenda: [...self(today), ...rest(today), own(2019, 'acknowledged', today.in(30), today)] },
    {
      outbox: outbox(today),
      acts: offline
        ? [
            { kind: 'see', what: 'main h1' },
            { kind: 'network', as: 'offline' },
          ]
        : [],
      shows: offline ? '[data-strip=away]' : '[data-standing]',
    },
  );

export const WORK: Presets = {
  'to be confirmed': at('assigned'),
  'to set out for': at('acknowledged'),
  'on the way': at('en_route'),
  'at the door': at('arrived'),
  'at work': at('in_progress'),
  'on a break': at('paused'),
  'nobody came': at('cleaner_no_show'),
  'led by a colleague': at('acknowledged', { lead: false, with: ['Olga'] }),
  'all done': (today) => day(today, { agenda: [...self(today), own(2020, 'completed', today.at(8), today)] }),
  'nothing today': (today) => day(today, { agenda: self(today, 'off') }),
  'nothing at all': (today) => day(today, { agenda: self(today).slice(0, 1), board: [] }),
  'open jobs': tab('open', true),
  'no open jobs': tab('open', false),
  agenda: tab('agenda', true),
  'an empty agenda': tab('agenda', false),
  me: tab('me', true),
  'me, off duty': tab('me', false),
  'no network': withOutbox(() => [], true),
  'no network, actions saved': withOutbox(
    (today) => [did(1, 'job.depart', today), did(2, 'job.arrive', today), did(3, 'job.start', today)],
    true,
  ),
  'actions turned down': withOutbox(
    (today) => [
      did(1, 'job.depart', today, {
        standing: {
          kind: 'failed',
          at: today.now - 60_000,
          objection: {
            outcome: 'rejected',
            code: 'too_early',
            message: '',
            details: { earliest: today.in(20) },
          },
          fate: null,
        },
      }),
      did(2, 'job.arrive', today, {
        standing: { kind: 'dropped', at: today.now - 60_000, because: 'job.depart' },
      }),
      did(3, 'job.complete', today, {
        action: { kind: 'job.complete', parameters: { job: 'job-1999' } },
        number: 1999,
        standing: {
          kind: 'failed',
          at: today.now - 30_000,
          objection: { outcome: 'refused', code: 'not_found', message: '' },
          fate: { job: 'job-1999', parted: 'given_to_another', at: today.in(-40), to: 'Boris' },
        },
      }),
      did(4, 'job.acknowledge', today, { standing: { kind: 'done', at: today.now } }),
    ],
    false,
  ),
  'nobody signed in': (today) => day(today, { agenda: [] }, { user: null, shows: 'input[name=email]' }),
};
