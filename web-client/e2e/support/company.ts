/** A small company, made through the public API from an empty database: one zone in which it is about ten
 * in the morning whenever the tests run, one service, two cleaners on shift. */
import { uuid7 } from '../../src/hub/uuid7';
import type { CommandKind, CommandKinds, QueryKind, Zone } from '../../src/wire';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const PASSWORD = 'a-good-password';

/** The dispatcher. */
export const MARTA = { name: 'Marta Lang', email: 'marta@example.test' };

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export interface Company {
  /** The dispatcher's session. */
  readonly marta: Api;
  readonly service: string;
  readonly irina: Person;
  readonly olga: Person;
}

export class Api {
  private constructor(
    private readonly url: string,
    readonly token: string,
  ) {}

  static async signIn(url: string, email: string): Promise<Api> {
    const response = await fetch(`${url}/api/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    return new Api(url, access_token);
  }

  async run<K extends CommandKind>(kind: K, parameters: CommandKinds[K]): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}/api/v1/commands/${kind}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.token}`,
        'content-type': 'application/json',
        'idempotency-key': uuid7(Date.now()),
      },
      body: JSON.stringify(parameters),
    });
    const body = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${kind}: ${JSON.stringify(body)}`);
    return body.result as Record<string, unknown>;
  }

  async query<T>(kind: QueryKind, parameters: Readonly<Record<string, string>>): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/queries/${kind}?${new URLSearchParams(parameters)}`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    const body = (await response.json()) as T;
    if (!response.ok) throw new Error(`${kind}: ${JSON.stringify(body)}`);
    return body;
  }
}

export async function foundCompany(url: string, adminEmail: string): Promise<Company> {
  const admin = await Api.signIn(url, adminEmail);
  const allDay = { opens: 0, closes: 24 * 60 };
  const week: Zone['opening_hours'] = [allDay, allDay, allDay, allDay, allDay, allDay, allDay];
  await admin.run('admin.zone_save', {
    slug: 'center',
    name: 'Center',
    polygon: [
      [13, 52],
      [14, 52],
      [14, 53],
      [13, 53],
      [13, 52],
    ],
    time_zone: morningZone(new Date().getUTCHours()),
    opening_hours: week,
  });
  await admin.run('admin.service_save', {
    slug: 'standard',
    name: 'Standard clean',
    duration_minutes: 60,
    crew_size: 1,
    skills: [],
    travel_buffer_minutes: 15,
    lead_time_minutes: 0,
    booking_window_days: 30,
    slot_step_minutes: 30,
    price_minor: 9000,
    currency: 'EUR',
    active: true,
  });
  await admin.run('admin.user_save', { role: 'dispatcher', password: PASSWORD, ...MARTA });
  const marta = await Api.signIn(url, MARTA.email);
  const irina = await hire(admin, marta, 'Irina Petrova', 'irina@example.test');
  const olga = await hire(admin, marta, 'Olga Berg', 'olga@example.test');
  return { marta, service: 'standard', irina, olga };
}

async function hire(admin: Api, marta: Api, name: string, email: string): Promise<Person> {
  const { cleaner } = await admin.run('admin.cleaner_save', {
    name,
    email,
    zones: ['center'],
    skills: [],
    active: true,
  });
  const id = String(cleaner);
  await admin.run('admin.user_save', {
    ...{ account: id, role: 'cleaner', name, email, password: PASSWORD },
    expected_version: 1,
  });
  const start = Math.floor(Date.now() / (15 * MINUTE)) * 15 * MINUTE;
  await marta.run('shift.publish', {
    cleaner: id,
    zone: 'center',
    start: new Date(start - HOUR).toISOString(),
    end: new Date(start + 9 * HOUR).toISOString(),
  });
  return { id, name, email };
}

/** A customer with an address, and a visit for them at the given start. */
export async function bookByPhone({ marta, service }: Company, name: string, start: number): Promise<number> {
  const { customer } = await marta.run('customer.create', { name, phone: '+49 30 1234567' });
  const { property } = await marta.run('property.add', {
    customer: String(customer),
    address: `${name}’s house`,
    lon: 13.5,
    lat: 52.5,
  });
  const { number } = await marta.run('booking.create', {
    customer: String(customer),
    property: String(property),
    service,
    start: new Date(start).toISOString(),
  });
  return Number(number);
}

/** The fixed-offset zone in which the hour is ten. Their names bear the opposite sign. */
export function morningZone(utcHour: number): string {
  const east = ((10 - utcHour + 36) % 24) - 12;
  if (east === 0) return 'Etc/GMT';
  return east > 0 ? `Etc/GMT-${east}` : `Etc/GMT+${-east}`;
}
