/**
 * What people write is text, whatever it looks like: markup in every field that takes words is shown as it
 * was written on every screen, and nothing of it becomes an element or runs.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandKind } from '../src/wire';
import { Api, morningZone, PASSWORD } from './support/company';
import { launch, open, signIn } from './support/pages';
import { Installation, type Instance } from './support/processes';

const ADMIN = 'admin@example.test';
const [DISPATCHER, CLEANER] = ['dispatcher@example.test', 'cleaner@example.test'];
/** An element that runs where it is one. */
const MARKUP = '<img src=x onerror=alert(1)>';
const QUARTER = 15 * 60_000;

/** Fields of commands that take a person's words. All others are held to a form by the server. */
const WORDS = new Set(['name', 'address', 'district', 'access_notes', 'reason', 'note']);
const FORMED = new Set([
  'phone',
  'email',
  'password',
  'time_zone',
  'currency',
  'zones',
  'cleaners',
  'shifts',
]);

let installation: Installation;
let server: Instance;
let browser: Browser;
let desk: Api;
let admin: Api;
let irina: string;

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  server = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  admin = await Api.signIn(server.url, ADMIN);
  await found();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

/** A company all of whose words are markup. */
async function found(): Promise<void> {
  const allDay = { opens: 0, closes: 24 * 60 };
  await admin.run('admin.zone_save', {
    slug: 'center',
    name: MARKUP,
    polygon: [
      [13, 52],
      [14, 52],
      [14, 53],
      [13, 53],
      [13, 52],
    ],
    time_zone: morningZone(new Date().getUTCHours()),
    opening_hours: [allDay, allDay, allDay, allDay, allDay, allDay, allDay],
  });
  await admin.run('admin.service_save', {
    ...{ slug: 'standard', name: MARKUP, duration_minutes: 60, crew_size: 1, skills: [] },
    ...{ travel_buffer_minutes: 15, lead_time_minutes: 0, booking_window_days: 30, slot_step_minutes: 30 },
    ...{ price_minor: 9000, currency: 'EUR', active: true },
  });
  const name = MARKUP;
  await admin.run('admin.user_save', { role: 'dispatcher', password: PASSWORD, name, email: DISPATCHER });
  desk = await Api.signIn(server.url, DISPATCHER);
  const hired = { name, email: CLEANER, zones: ['center'], skills: [], active: true };
  irina = String((await admin.run('admin.cleaner_save', hired)).cleaner);
  const account = { account: irina, role: 'cleaner' as const, name, email: CLEANER, password: PASSWORD };
  await admin.run('admin.user_save', { ...account, expected_version: 1 });
  const start = Math.floor(Date.now() / QUARTER) * QUARTER;
  await desk.run('shift.publish', {
    ...{ cleaner: irina, zone: 'center' },
    ...{ start: new Date(start).toISOString(), end: new Date(start + 32 * QUARTER).toISOString() },
  });
}

/** A visit of somebody whose every word is markup. */
async function visit(quarters: number): Promise<{ booking: string; job: string }> {
  const { customer } = await desk.run('customer.create', { name: MARKUP, phone: '+49 30 1234567' });
  const { property } = await desk.run('property.add', {
    ...{ customer: String(customer), address: MARKUP, district: MARKUP, access_notes: MARKUP },
    ...{ lon: 13.5, lat: 52.5 },
  });
  const start = new Date((Math.ceil(Date.now() / QUARTER / 2) * 2 + quarters) * QUARTER).toISOString();
  const order = { customer: String(customer), property: String(property), service: 'standard', start };
  const { booking, job } = await desk.run('booking.create', order);
  return { booking: String(booking), job: String(job) };
}

interface Shown {
  readonly page: Page;
  /** What ran although it should not. */
  readonly ran: string[];
}

async function screen(width: number): Promise<Shown> {
  const { page, errors } = await open(browser, width, 900);
  page.on('dialog', (dialog) => {
    errors.push(dialog.message());
    void dialog.dismiss();
  });
  return { page, ran: errors };
}

/** The markup is there to be read, and there only. */
async function expectInert({ page, ran }: Shown): Promise<void> {
  await page.getByText(MARKUP).filter({ visible: true }).first().waitFor();
  expect(await page.locator('img[src="x"], [onerror]').count()).toBe(0);
  expect(ran).toEqual([]);
}

describe('what people write', () => {
  it('is tried in every field that takes words', async () => {
    const response = await fetch(`${server.url}/api/v1/openapi.json`);
    const names = wordsIn(await response.json());
    expect([...names].filter((name) => !WORDS.has(name) && !FORMED.has(name))).toEqual([]);
    for (const name of WORDS) expect(names).toContain(name);
  });

  it('is shown to customers as it was written', async () => {
    const shown = await screen(390);
    const { page } = shown;
    await page.goto(server.url);
    await page.locator('[data-start]').last().click();
    await page.getByRole('timer').waitFor();
    await expectInert(shown);
    await page.getByLabel('Name').fill(MARKUP);
    await page.getByLabel('Phone').fill('+49 30 7654321');
    await page.getByLabel('Street and number').fill(MARKUP);
    await page.getByRole('button', { name: /^Book for/ }).click();
    await page.getByText('Booked. We are finding your cleaner.').waitFor();
    await expectInert(shown);
    const [number] = (await page.getByText(/^J-\d+$/).textContent())?.match(/\d+/) ?? [];
    const booking = new URL(page.url()).pathname.slice('/bookings/'.length);
    expect(number).toBeDefined();
    await page.goto(`${server.url}/bookings`);
    await page.getByText(MARKUP).first().waitFor();
    await expectInert(shown);
    await desk.run('booking.cancel', { booking, reason: MARKUP });
    await page.goto(`${server.url}/bookings/${booking}`);
    await expectInert(shown);
    await page.context().close();
  });

  it('is shown to cleaners and in the control room as it was written', async () => {
    const [first, second] = [await visit(2), await visit(8)];
    const [control, work] = [await screen(1440), await screen(390)];
    await signIn(control.page, server.url, DISPATCHER);
    await control.page.getByRole('grid').waitFor();
    await control.page.locator('li[data-job]').first().getByRole('button').first().click();
    await expectInert(control);
    await signIn(work.page, server.url, CLEANER);
    await work.page.getByRole('button', { name: 'Open jobs' }).click();
    await expectInert(work);
    for (const { job } of [first, second]) await desk.run('job.assign', { job, cleaner: irina });
    await work.page.getByRole('button', { name: 'Today' }).click();
    await expectInert(work);
    await control.page.locator('[data-cleaner] [data-job]').first().click();
    await expectInert(control);
    // All that can be said of a visit that goes wrong.
    await desk.run('job.withdraw', { job: second.job, cleaner: irina, reason: MARKUP });
    for (const step of ['depart', 'arrive'] as const) {
      await desk.run(`job.${step}` satisfies CommandKind, { job: first.job });
    }
    await desk.run('job.no_access', { job: first.job, note: MARKUP });
    const away = Math.floor(Date.now() / QUARTER) * QUARTER + 28 * QUARTER;
    await desk.run('time_off.add', {
      ...{ cleaner: irina, reason: MARKUP },
      ...{ start: new Date(away).toISOString(), end: new Date(away + QUARTER).toISOString() },
    });
    for (const each of [control, work]) {
      await each.page.reload();
      await expectInert(each);
      await each.page.context().close();
    }
  });
});

/** Names of the fields of commands that are text without a form, a choice or a pattern. */
function wordsIn(document: unknown): Set<string> {
  const { paths, components } = document as {
    paths: Record<string, { post?: { requestBody?: unknown } }>;
    components: { schemas: Record<string, unknown> };
  };
  const found = new Set<string>();
  const seen = new Set<string>();
  const look = (schema: unknown, name: string): void => {
    if (Array.isArray(schema)) {
      for (const each of schema) look(each, name);
      return;
    }
    if (schema === null || typeof schema !== 'object') return;
    const { $ref, type, properties, ...rest } = schema as {
      $ref?: string;
      type?: string | string[];
      properties?: Record<string, unknown>;
    } & Record<string, unknown>;
    const shared = $ref?.split('/').at(-1);
    if (shared !== undefined && !seen.has(shared)) {
      seen.add(shared);
      look(components.schemas[shared], name);
    }
    const formed = ['format', 'enum', 'const', 'pattern'].some((key) => key in rest);
    if ([type].flat().includes('string') && !formed && name !== '') found.add(name);
    for (const [key, field] of Object.entries(properties ?? {})) look(field, key);
    for (const key of ['anyOf', 'oneOf', 'allOf', 'items', 'schema']) look(rest[key], name);
  };
  for (const [path, { post }] of Object.entries(paths)) {
    if (!path.startsWith('/api/v1/commands/')) continue;
    const body = post?.requestBody as { content: Record<string, { schema: unknown }> } | undefined;
    look(body?.content['application/json']?.schema, '');
  }
  return found;
}
