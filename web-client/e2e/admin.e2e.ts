/**
 * The administration, from an installation that nobody can sign in to: the first run leads to a time that
 * a customer can book; then what managers and admins do all year, with what goes wrong while they do it.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { accessibilityFaults } from './support/accessible';
import { Api, PASSWORD } from './support/company';
import { launch, open, signIn, type Watched } from './support/pages';
import { Installation, type Instance } from './support/processes';

const ADMIN = 'ada@example.test';
const MANAGER = { name: 'Mona Ilić', email: 'mona@example.test' };
const DISPATCHER = { name: 'Dora Kern', email: 'dora@example.test' };
const ALL_PAGES = [
  '',
  'zones',
  'services',
  'cleaners',
  'shifts',
  'time-off',
  'users',
  'import',
  'audit',
  'live',
];
const HARBOUR = {
  type: 'Feature',
  properties: {},
  geometry: {
    type: 'Polygon',
    coordinates: [
      [
        [9.9, 53.5],
        [10.1, 53.5],
        [10.1, 53.6],
        [9.9, 53.6],
        [9.9, 53.5],
      ],
    ],
  },
};

let installation: Installation;
let server: Instance;
let browser: Browser;
let opened: Watched[] = [];

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  server = await installation.startInstance();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

afterEach(async () => {
  const errors = opened.flatMap((each) => each.errors);
  for (const { page } of opened) await page.context().close();
  opened = [];
  expect(errors).toEqual([]);
});

function showLogsOnFailure(): void {
  onTestFailed(() => {
    process.stderr.write(installation.logs());
  });
}

async function pageOf(email: string | null, width = 1440, height = 900): Promise<Page> {
  const watched = await open(browser, width, height);
  opened.push(watched);
  if (email !== null) {
    await signIn(watched.page, server.url, email);
    await watched.page.goto(`${server.url}/admin`);
  }
  return watched.page;
}

const drawer = (page: Page) => page.getByRole('dialog');

async function create(page: Page): Promise<void> {
  expect(await accessibilityFaults(page)).toEqual([]);
  await drawer(page).getByRole('button', { name: 'Create' }).click();
  await drawer(page).waitFor({ state: 'detached' });
}

async function go(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

async function home(page: Page): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { level: 1, name: /^Welcome/ }).waitFor();
}

/** The row of a table with this name in it. */
const row = (page: Page, name: string | RegExp) => page.getByRole('row').filter({ hasText: name });

async function openRow(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await drawer(page).waitFor();
}

describe('an empty installation', () => {
  it('says how to make its first admin', async () => {
    showLogsOnFailure();
    const page = await pageOf(null);
    await page.goto(`${server.url}/sign-in`);
    await page.getByText('dispatch-hub admin create').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await installation.createAdmin(ADMIN, PASSWORD);
    await page.reload();
    await page.getByLabel('E-mail').waitFor();
    await page.getByText('dispatch-hub admin create').waitFor({ state: 'detached' });
  });

  it('is led from a drawn zone to a time that a customer can book', async () => {
    showLogsOnFailure();
    const page = await pageOf(ADMIN);
    await page.getByRole('link', { name: 'Draw a zone' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByRole('link', { name: 'Draw a zone' }).click();
    await drawer(page).getByLabel('Name', { exact: true }).fill('Old Town');
    const canvas = drawer(page).locator('[data-drawing]');
    const box = await canvas.boundingBox();
    if (box === null) throw new Error('there is nothing to draw on');
    for (const [x, y] of [
      [0.2, 0.3],
      [0.7, 0.3],
      [0.7, 0.8],
      [0.2, 0.8],
    ] as const) {
      await page.mouse.click(box.x + box.width * x, box.y + box.height * y);
    }
    await drawer(page).getByText('4 corners').waitFor();
    await drawer(page).getByRole('button', { name: 'Every day like Monday' }).click();
    await create(page);
    expect(await row(page, 'Old Town').textContent()).toContain('old-town');

    await home(page);
    await page.getByRole('link', { name: 'Add a service' }).click();
    await drawer(page).getByLabel('Name', { exact: true }).fill('Standard clean');
    await drawer(page).getByRole('button', { name: 'Create' }).click();
    await drawer(page).getByText('Give a price, not below zero.').waitFor();
    await drawer(page).getByLabel('Price').fill('89.50');
    await drawer(page).getByLabel('Skills').fill('Cleaning');
    await create(page);
    await row(page, '89.50').waitFor();

    await home(page);
    await page.getByRole('link', { name: 'Add a cleaner' }).click();
    await drawer(page).getByLabel('Name', { exact: true }).fill('Irina Petrova');
    await drawer(page).getByLabel('cleaning').check();
    await create(page);

    await home(page);
    await page.getByRole('link', { name: 'Plan a shift' }).click();
    await drawer(page).getByRole('button', { name: 'Irina Petrova' }).click();
    await create(page);
    await row(page, 'Irina Petrova').waitFor();

    await home(page);
    const [customer] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'Open the page' }).click(),
    ]);
    await customer.locator('[data-start]').first().waitFor();
  });
});

describe('a zone', () => {
  it('is pasted as GeoJSON', async () => {
    showLogsOnFailure();
    const page = await pageOf(ADMIN);
    await go(page, 'Zones');
    await page.getByRole('button', { name: 'New zone' }).click();
    await drawer(page).getByLabel('Name', { exact: true }).fill('Harbour');
    await drawer(page).locator('summary', { hasText: 'GeoJSON' }).click();
    await drawer(page).getByLabel('GeoJSON').fill('{"type":"Point"}');
    await drawer(page).getByRole('button', { name: 'Use this outline' }).click();
    await drawer(page).getByText('There is no polygon in it.').waitFor();
    await drawer(page).getByLabel('GeoJSON').fill(JSON.stringify(HARBOUR));
    await drawer(page).getByRole('button', { name: 'Use this outline' }).click();
    await drawer(page).getByText('4 corners').waitFor();
    await create(page);
    await row(page, 'Harbour').waitFor();
  });

  it('gets its corners by the keyboard alone', async () => {
    showLogsOnFailure();
    const page = await pageOf(ADMIN);
    await page.goto(`${server.url}/admin/zones?edit=harbour`);
    const first = drawer(page).getByLabel('Latitude of corner 1');
    await first.focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('53.45');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    expect(await focused()).toBe('Insert a corner after 1');
    await page.keyboard.press('Enter');
    await drawer(page).getByText('5 corners').waitFor();
    expect(await focused()).toBe('Latitude of corner 2');
    await page.keyboard.press('Enter');
    await drawer(page).waitFor({ state: 'detached' });
    const zones = (await (await fetch(`${server.url}/api/v1/zones`)).json()) as {
      slug: string;
      polygon: number[][];
    }[];
    const harbour = zones.find(({ slug }) => slug === 'harbour');
    expect(harbour?.polygon[0]).toEqual([9.9, 53.45]);
    expect(harbour?.polygon).toHaveLength(6);
  });
});

describe('people', () => {
  it('are made with a role, and one who is locked out loses their connection', async () => {
    showLogsOnFailure();
    const page = await pageOf(ADMIN);
    await go(page, 'Users and roles');
    for (const [person, role] of [
      [DISPATCHER, 'dispatcher'],
      [MANAGER, 'manager'],
    ] as const) {
      await page.getByRole('button', { name: 'New user' }).click();
      await drawer(page).getByLabel('Name', { exact: true }).fill(person.name);
      await drawer(page).getByLabel('Role').selectOption(role);
      await drawer(page).getByLabel('E-mail').fill(person.email);
      await drawer(page).getByLabel('Password').fill(PASSWORD);
      await create(page);
      await row(page, person.email).waitFor();
    }
    const dispatcher = await pageOf(DISPATCHER.email);
    await dispatcher.goto(`${server.url}/admin/shifts`);
    await dispatcher.locator('[data-link=live]').waitFor();
    expect(await dispatcher.getByRole('navigation').getByRole('link').allTextContents()).toEqual([
      'Shifts',
      'Time off',
      'Control room',
    ]);

    await openRow(page, DISPATCHER.name);
    await drawer(page).getByLabel('May sign in').uncheck();
    await drawer(page).getByRole('button', { name: 'Save' }).click();
    await drawer(page).waitFor({ state: 'detached' });
    await dispatcher.getByRole('link', { name: 'Sign in' }).waitFor();
    await page.goto(`${server.url}/admin/users?state=disabled`);
    await row(page, DISPATCHER.email).waitFor();
  });

  it('who are managers see no connections and change no admins', async () => {
    showLogsOnFailure();
    const page = await pageOf(MANAGER.email);
    await page.goto(`${server.url}/admin/live`);
    await page.getByText('You may not do this.').waitFor();
    expect(await page.getByRole('link', { name: 'Connections' }).count()).toBe(0);
    await go(page, 'Users and roles');
    await openRow(page, ADMIN);
    await drawer(page).getByText('Only admins change admins.').waitFor();
    expect(await drawer(page).getByRole('button', { name: 'Save' }).count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'New user' }).click();
    expect(await drawer(page).getByLabel('Role').locator('option').allTextContents()).not.toContain('Admin');
  });
});

describe('a form', () => {
  it('tells a stale edit with both choices, and asks before it loses what was typed', async () => {
    showLogsOnFailure();
    const page = await pageOf(ADMIN);
    await go(page, 'Services');
    await openRow(page, 'Standard clean');
    await drawer(page).getByLabel('Name', { exact: true }).fill('Weekly clean');
    const api = await Api.signIn(server.url, MANAGER.email);
    await api.run('admin.service_save', {
      ...{ slug: 'standard-clean', name: 'Standard clean', duration_minutes: 120, crew_size: 1 },
      ...{ skills: ['cleaning'], travel_buffer_minutes: 30, lead_time_minutes: 120 },
      ...{ booking_window_days: 30, slot_step_minutes: 30, price_minor: 9900, currency: 'EUR' },
      ...{ active: true, expected_version: 1 },
    });
    await drawer(page).getByRole('button', { name: 'Save', exact: true }).click();
    const told = drawer(page).getByRole('alert');
    await told.getByText('9900').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await told.getByRole('button', { name: 'Start again from theirs' }).click();
    expect(await drawer(page).getByLabel('Price').inputValue()).toBe('99.00');
    expect(await drawer(page).getByLabel('Name', { exact: true }).inputValue()).toBe('Standard clean');

    await drawer(page).getByLabel('Name', { exact: true }).fill('Weekly clean');
    await page.keyboard.press('Escape');
    await drawer(page).getByText('What you changed is not saved.').waitFor();
    await drawer(page).getByRole('button', { name: 'Keep editing' }).click();
    await page.goBack();
    await drawer(page).getByText('What you changed is not saved.').waitFor();
    await drawer(page).getByRole('button', { name: 'Keep editing' }).click();
    await drawer(page).getByRole('button', { name: 'Save', exact: true }).click();
    await drawer(page).waitFor({ state: 'detached' });
    await row(page, 'Weekly clean').waitFor();
  });

  it('is found again in the audit trail, with what it changed', async () => {
    showLogsOnFailure();
    const page = await pageOf(MANAGER.email);
    await page.goto(`${server.url}/admin/audit`);
    await page.getByLabel('What').selectOption({ label: 'Service saved' });
    await page.waitForURL(/kind=admin\.service_save/);
    // Made, changed by a colleague, rejected as stale, saved; below the line of headings.
    await page.getByRole('row').nth(4).waitFor();
    expect(await page.getByRole('row').count()).toBe(5);
    await row(page, 'Somebody changed this').waitFor();
    await page.getByRole('button', { name: 'Service saved' }).first().click();
    await drawer(page).getByText('Weekly clean').waitFor();
    expect(await drawer(page).locator('del').allTextContents()).toEqual(['before: Standard clean']);
    expect(await accessibilityFaults(page)).toEqual([]);
    await drawer(page).getByRole('button', { name: 'service:standard-clean' }).click();
    await page.waitForURL(/about=service/);
  });
});

describe('shifts', () => {
  it('with work in them are taken back only when that is meant', async () => {
    showLogsOnFailure();
    const api = await Api.signIn(server.url, MANAGER.email);
    const page = await pageOf(ADMIN);
    await go(page, 'Shifts');
    await row(page, 'Irina Petrova').waitFor();
    const number = await assignedVisit(api);
    await openRow(page, 'Irina Petrova');
    await drawer(page).getByRole('button', { name: 'Take the shift back' }).click();
    await drawer(page).getByText('One job would lose its cleaner:').waitFor();
    await drawer(page).getByText(`J-${number}`).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await drawer(page).getByRole('button', { name: 'Go on, take the jobs away' }).click();
    await drawer(page).waitFor({ state: 'detached' });
    await row(page, 'Irina Petrova').waitFor({ state: 'detached' });
  });

  it('come from weekly templates, with exceptions', async () => {
    showLogsOnFailure();
    const page = await pageOf(MANAGER.email);
    await page.goto(`${server.url}/admin/shifts?view=templates&zone=old-town`);
    await page.getByRole('button', { name: 'New template' }).first().click();
    await drawer(page).getByRole('button', { name: 'Irina Petrova' }).click();
    await drawer(page).getByLabel('Mon').fill('noon');
    await drawer(page).getByRole('button', { name: 'Create' }).click();
    await drawer(page).getByText('Hours as 08:00–16:00').waitFor();
    await drawer(page).getByLabel('Mon').fill('9–12, 13–17');
    await create(page);
    await row(page, 'Mon 09:00–12:00, 13:00–17:00').waitFor();
    await openRow(page, 'Irina Petrova');
    const monday = new Date();
    monday.setUTCDate(monday.getUTCDate() + ((8 - monday.getUTCDay()) % 7 || 7));
    await drawer(page).getByLabel('Date', { exact: true }).fill(monday.toISOString().slice(0, 10));
    await drawer(page).getByRole('button', { name: 'Save the exception' }).click();
    await drawer(page).getByRole('button', { name: 'As the week again' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});

describe('an import', () => {
  it('is tried first, and lists every fault with its line', async () => {
    showLogsOnFailure();
    const page = await pageOf(MANAGER.email);
    await go(page, 'Import');
    const file = (text: string) => ({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    const faulty = 'email,name,zones\nkim@example.test,Kim,nowhere\n';
    await page.getByLabel('Cleaners').setInputFiles(file(faulty));
    await page.getByRole('button', { name: 'Try it first' }).click();
    await page.getByText('One fault. Nothing was imported.').waitFor();
    expect(await row(page, 'There is no such zone.').textContent()).toContain('2');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByLabel('Cleaners').setInputFiles(file(faulty.replace('nowhere', 'old-town')));
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('1 new').waitFor();
    await go(page, 'Cleaners');
    await row(page, 'Kim').waitFor();
  });
});

describe('every page', () => {
  it.each([
    ['on a desk', 'en', 1440, 900],
    ['on a phone in Russian', 'ru', 390, 844],
  ] as const)('is accessible and fits %s', async (_, language, width, height) => {
    showLogsOnFailure();
    const page = await pageOf(ADMIN, width, height);
    await page.evaluate((chosen) => localStorage.setItem('dispatch-hub.language', chosen), language);
    for (const part of ALL_PAGES) {
      await page.goto(`${server.url}/admin/${part}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
      expect({ part, faults: await accessibilityFaults(page) }).toEqual({ part, faults: [] });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect({ part, over }).toEqual({ part, over: 0 });
    }
    await page.locator('[data-link=live]').waitFor();
  });
});

/** A visit in Irina's shift that she is assigned to; its number. */
async function assignedVisit(api: Api): Promise<number> {
  const shifts = await api.query<{ shifts: { starts_at: string; cleaner: string }[] }>('shifts.list', {
    from: new Date().toISOString(),
    until: new Date(Date.now() + 5 * 86_400_000).toISOString(),
  });
  const [shift] = shifts.shifts;
  if (shift === undefined) throw new Error('there is no shift');
  const zones = (await (await fetch(`${server.url}/api/v1/zones`)).json()) as {
    slug: string;
    polygon: [number, number][];
  }[];
  const [from, , to] = zones.find(({ slug }) => slug === 'old-town')?.polygon ?? [];
  if (from === undefined || to === undefined) throw new Error('there is no zone');
  const { customer } = await api.run('customer.create', { name: 'Grace', phone: '+49 30 1234567' });
  const { property } = await api.run('property.add', {
    ...{ customer: String(customer), address: '1 Garden Street' },
    ...{ lon: (from[0] + to[0]) / 2, lat: (from[1] + to[1]) / 2 },
  });
  const { number, job } = await api.run('booking.create', {
    ...{ customer: String(customer), property: String(property), service: 'standard-clean' },
    start: new Date(Date.parse(shift.starts_at) + 60 * 60_000).toISOString(),
  });
  await api.run('job.assign', { job: String(job), cleaner: shift.cleaner });
  return Number(number);
}
