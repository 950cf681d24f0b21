/** The company that the gallery shows: its zone, what it sells and who works there. */
import type { User } from '../hub/session';
import type { CleanerRow, JobRow, JobStatus, OpeningHours, Row, Service, Zone } from '../wire';
import type { Today } from './preset';

export const MARTA: User = { id: 'marta', role: 'dispatcher', name: 'Marta Lindqvist' };
export const IGOR: User = { id: 'igor', role: 'admin', name: 'Igor Petrov' };
export const ANNA: User = { id: 'anna', role: 'cleaner', name: 'Anna Berg' };
export const ADA: User = { id: 'ada', role: 'customer', name: 'Ada Winter' };

const OPEN: OpeningHours = { opens: 7 * 60, closes: 20 * 60 };

export function zonesOf({ timeZone }: Today): readonly Zone[] {
  const square = (west: number, south: number): Zone['polygon'] => [
    [west, south],
    [west + 0.12, south],
    [west + 0.12, south + 0.08],
    [west, south + 0.08],
    [west, south],
  ];
  return [
    {
      slug: 'center',
      name: 'Center',
      polygon: square(13.34, 52.48),
      time_zone: timeZone,
      opening_hours: [OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN],
      version: 1,
    },
    {
      slug: 'north',
      name: 'Northern suburbs and the lakes',
      polygon: square(13.34, 52.57),
      time_zone: timeZone,
      opening_hours: [OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, null],
      version: 1,
    },
  ];
}

const sold = (slug: string, name: string, fields: Partial<Service>): Service => ({
  slug,
  name,
  duration_minutes: 120,
  crew_size: 1,
  skills: [],
  travel_buffer_minutes: 30,
  lead_time_minutes: 60,
  booking_window_days: 14,
  slot_step_minutes: 30,
  price_minor: 8900,
  currency: 'EUR',
  active: true,
  version: 1,
  ...fields,
});

export const SERVICES: readonly Service[] = [
  sold('standard', 'Standard clean', {}),
  sold('deep', 'Deep clean', {
    duration_minutes: 240,
    crew_size: 2,
    skills: ['deep'],
    price_minor: 23900,
  }),
  sold('windows', 'Windows, inside and outside', { duration_minutes: 90, price_minor: 6900 }),
];

export function cleaner(id: string, name: string, fields: Partial<CleanerRow> = {}): Row {
  return {
    kind: 'cleaner',
    id,
    version: 1,
    name,
    phone: '+49 30 555 01',
    zones: ['center'],
    skills: ['deep'],
    duty: 'on',
    active: true,
    ...fields,
  };
}

export function shift(of: string, today: Today, from: number, to: number, days = 0): Row {
  return {
    kind: 'shift',
    id: `shift-${of}-${days}-${from}`,
    version: 1,
    template: null,
    cleaner: of,
    zone: 'center',
    local_date: today.day(days),
    starts_at: today.at(from + 24 * days),
    ends_at: today.at(to + 24 * days),
  };
}

const CUSTOMERS = [
  'Ada Winter',
  'Ben Okafor',
  'Chiara Esposito',
  'Дарья Соколова',
  'Maximiliane von Hohenfels-Berg',
];
const STREETS = ['Garden Street 1', 'Lindenallee 24', 'Alte Schönhauser Straße 112, Hinterhaus', 'Am Park 5'];
const DISTRICTS = ['Old Town', 'Riverside', 'Park', 'Hill'];

/** A job of the day; who it is for and where differ by its number. */
export function job(
  number: number,
  status: JobStatus,
  startsAt: string,
  seats: JobRow['seats'],
  fields: Partial<JobRow> = {},
): Row {
  return {
    kind: 'job',
    id: `job-${number}`,
    version: 3,
    number,
    status,
    at_risk: false,
    service: 'standard',
    starts_at: startsAt,
    duration_minutes: 120,
    travel_buffer_minutes: 30,
    seats,
    lead: seats[0] ?? null,
    booking: `booking-${number}`,
    booking_version: 1,
    booking_status: 'confirmed',
    customer: `customer-${number}`,
    customer_name: CUSTOMERS[number % CUSTOMERS.length] ?? null,
    customer_phone: '+49 30 555 77',
    address: STREETS[number % STREETS.length] ?? '',
    district: DISTRICTS[number % DISTRICTS.length] ?? '',
    access_notes: number % 2 === 0 ? 'Second bell from the top, the dog is friendly.' : '',
    lon: 13.36 + (number % 7) * 0.012,
    lat: 52.49 + (number % 5) * 0.012,
    times: {},
    ...fields,
  };
}
