/**
 * A customer from the first page to the visit and back: in how few steps, when two want the last time, when
 * the time is changed, and while the cleaner is on the way.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from './support/accessible';
import { Api, type Company, foundCompany, PASSWORD } from './support/company';
import { launch } from './support/pages';
import { Installation, type Instance } from './support/processes';

const ADMIN = 'admin@example.test';
const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
/** What a booking may take of somebody who is new. */
const AT_MOST = 6;

let installation: Installation;
let server: Instance;
let browser: Browser;
let company: Company;
let opened: Page[] = [];
let errors: string[] = [];

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  server = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  company = await foundCompany(server.url, ADMIN);
  const start = Math.floor(Date.now() / QUARTER) * QUARTER + 48 * HOUR;
  for (const { id } of [company.irina, company.olga]) {
    await company.marta.run('shift.publish', {
      ...{ cleaner: id, zone: 'center' },
      ...{ start: new Date(start).toISOString(), end: new Date(start + 8 * HOUR).toISOString() },
    });
  }
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

afterEach(async () => {
  for (const page of opened) await page.context().close();
  const raised = errors;
  [opened, errors] = [[], []];
  expect(raised).toEqual([]);
});

interface Look {
  readonly width?: number;
  readonly locale?: string;
  readonly colorScheme?: 'light' | 'dark';
}

async function visitor({ width = 390, locale = 'en-GB', colorScheme = 'light' }: Look = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 844 }, locale, colorScheme });
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  opened.push(page);
  await page.goto(server.url);
  await page.locator('[data-start]').first().waitFor();
  return page;
}

/** The day after tomorrow, which may be cancelled and moved. */
async function openDay(page: Page): Promise<void> {
  const days = page.getByRole('group', { name: 'When?' }).getByRole('button');
  await days
    .filter({ hasNotText: /full|…/ })
    .last()
    .click();
  await page.locator('[data-start]').first().waitFor();
}

async function fillIn(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('Phone').fill('+49 30 7654321');
  await page.getByLabel('Street and number').fill('1 Garden Street');
  await page.getByRole('button', { name: /^Book for/ }).click();
  await page.getByText('Booked. We are finding your cleaner.').waitFor();
}

const bookingOf = (page: Page) => new URL(page.url()).pathname.slice('/bookings/'.length);

describe('booking', () => {
  it(`takes somebody new at most ${AT_MOST} steps`, async () => {
    const page = await visitor();
    let steps = 0;
    const step = async (done: Promise<unknown>) => {
      await done;
      steps += 1;
    };
    await step(page.locator('[data-start]').last().click());
    await page.getByRole('timer').waitFor();
    await step(page.getByLabel('Name').fill('Ada'));
    await step(page.getByLabel('Phone').fill('+49 30 7654321'));
    await step(page.getByLabel('Street and number').fill('1 Garden Street'));
    await step(page.getByRole('button', { name: /^Book for/ }).click());
    await page.getByText('Booked. We are finding your cleaner.').waitFor();
    expect(steps).toBeLessThanOrEqual(AT_MOST);
  });

  it('of the last of a time is one of two people’s; the other is offered the nearest', async () => {
    const [ada, grace] = [await visitor(), await visitor({ width: 1200 })];
    const start = (await ada.locator('[data-start]').nth(4).getAttribute('data-start')) ?? '';
    const chip = (page: Page) => page.locator(`[data-start="${start}"]`);
    const left = await chip(ada).textContent();
    expect(left).toMatch(/2 left$/);
    const third = await visitor();
    await chip(third).click();
    await third.getByRole('timer').waitFor();
    await chip(ada).getByText('1 left').waitFor();
    await chip(grace).getByText('1 left').waitFor();
    await Promise.all([chip(ada).click(), chip(grace).click()]);
    const held = (page: Page) =>
      page
        .getByRole('timer')
        .waitFor()
        .then(() => page);
    const winner = await Promise.any([held(ada), held(grace)]);
    const loser = winner === ada ? grace : ada;
    const sheet = loser.getByRole('dialog');
    await sheet.getByText('This time has just been taken').waitFor();
    expect(await sheet.getByRole('listitem').count()).toBe(3);
    expect(await accessibilityFaults(loser)).toEqual([]);
    await sheet.getByRole('listitem').first().getByRole('button').click();
    await loser.getByRole('timer').waitFor();
    expect(await accessibilityFaults(winner)).toEqual([]);
    await winner.getByRole('button', { name: '5 more minutes' }).click();
    await winner.getByRole('button', { name: '5 more minutes' }).waitFor({ state: 'detached' });
    await winner
      .getByRole('timer')
      .getByText(/9:\d\d/)
      .waitFor();
    for (const page of [winner, loser, third]) {
      await page.getByRole('button', { name: 'Give this time back' }).click();
      await page.locator('[data-start]').first().waitFor();
    }
  });

  it('says when a place lies outside, and finds the area of one that does not', async () => {
    const page = await visitor();
    await page.getByRole('button', { name: 'Change: Where?' }).click();
    await page.getByText('Give a position from a map').click();
    await page.getByLabel('Latitude, longitude').fill('Garden Street');
    await page.getByRole('button', { name: 'Find the area' }).click();
    await page.getByText('Give two numbers').waitFor();
    await page.getByLabel('Latitude, longitude').fill('48.85, 2.35');
    await page.getByRole('button', { name: 'Find the area' }).click();
    await page.getByText(/We do not clean there yet. The nearest area is Center/).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.context().grantPermissions(['geolocation']);
    await page.context().setGeolocation({ latitude: 52.25, longitude: 13.25 });
    await page.getByRole('button', { name: 'Use my location' }).click();
    await page.locator('[data-start]').first().waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toBe('52.25000, 13.25000');
  });
});

describe('a visit', () => {
  it('is moved and cancelled while its policy allows that, and listed', async () => {
    const page = await visitor({ colorScheme: 'dark' });
    await openDay(page);
    await page.locator('[data-start]').first().click();
    await page.getByRole('timer').waitFor();
    await fillIn(page);
    await page.getByText(/^Cancelling is free until/).waitFor();
    const before = await page
      .locator('main')
      .getByText(/\d\d:\d\d–\d\d:\d\d/)
      .textContent();
    await page.getByRole('button', { name: 'Choose another time' }).click();
    await openDay(page);
    await page.locator('[data-start]').last().click();
    await page.getByText('The price stays as it was sold: €90.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Move the visit' }).click();
    await page.getByText('The visit has been moved.').waitFor();
    const range = page.locator('main').getByText(/\d\d:\d\d–\d\d:\d\d/);
    expect(await range.textContent()).not.toBe(before);
    await page.getByRole('button', { name: 'Cancel this visit' }).click();
    await page.getByRole('button', { name: 'Cancel the visit' }).click();
    await page.getByText('This visit is cancelled.').waitFor();
    await page.getByRole('link', { name: 'My bookings' }).click();
    await page.getByRole('heading', { name: 'My bookings' }).waitFor();
    await page.getByRole('listitem').getByText('Cancelled').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('shows where the cleaner is while they are on the way, and only then', async () => {
    const page = await visitor();
    await page.locator('[data-start]').nth(1).click();
    await page.getByRole('timer').waitFor();
    await fillIn(page);
    const job = await jobOf(bookingOf(page));
    const irina = await Api.signIn(server.url, company.irina.email);
    await company.marta.run('job.assign', { job, cleaner: company.irina.id });
    await page.getByText('Irina will come.').waitFor();
    await irina.run('job.depart', { job });
    await page.getByText('Irina is on the way. The position shows here once it is known.').waitFor();
    await report(irina, { lon: 13.52, lat: 52.51 });
    await page.getByRole('img', { name: /^Irina is about .* km away\.$/ }).waitFor();
    await page.getByText(/^Arrives about \d\d:\d\d, in/).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await irina.run('job.arrive', { job });
    await page.getByText('Irina is at your door.').waitFor();
    expect(await page.getByText(/^Arrives about/).count()).toBe(0);
  });

  it('is booked in Russian on a phone', async () => {
    const page = await visitor({ locale: 'ru-RU', colorScheme: 'dark' });
    await page.getByRole('heading', { name: 'Заказать уборку' }).waitFor();
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await width()).toBeLessThanOrEqual(390);
    await page.locator('[data-start]').last().click();
    await page.getByRole('timer').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await width()).toBeLessThanOrEqual(390);
  });
});

/** The job of a booking, as staff find it. */
async function jobOf(booking: string): Promise<string> {
  const token = await signedIn(company.marta);
  const response = await fetch(`${server.url}/api/v1/channels/booking:${booking}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { data } = (await response.json()) as { data: { set: { kind: string; id: string }[] } };
  return data.set.find(({ kind }) => kind === 'visit')?.id ?? '';
}

const signedIn = (api: Api): string => (api as unknown as { token: string }).token;

async function report(cleaner: Api, { lon, lat }: { lon: number; lat: number }): Promise<void> {
  const response = await fetch(`${server.url}/api/v1/commands/location.report`, {
    method: 'POST',
    headers: { authorization: `Bearer ${signedIn(cleaner)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ fixes: [{ at: new Date().toISOString(), lon, lat }] }),
  });
  expect(response.status).toBe(200);
}
