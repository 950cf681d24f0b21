/**
 * The cleaner's app on a phone whose network comes and goes: it can be installed, starts without a network,
 * keeps the day and what was done, and when it is back everything has happened once. What could not happen
 * is explained.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import type { History } from '../src/wire';
import { accessibilityFaults } from './support/accessible';
import { Cable } from './support/cable';
import { Api, bookByPhone, type Company, foundCompany, PASSWORD } from './support/company';
import { launch } from './support/pages';
import { Installation, type Instance } from './support/processes';

const ADMIN = 'admin@example.test';
const QUARTER = 15 * 60_000;
const PHONE = { width: 390, height: 844 };

let installation: Installation;
let server: Instance;
let browser: Browser;
let company: Company;
let contexts: BrowserContext[] = [];

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  server = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  company = await foundCompany(server.url, ADMIN);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

afterEach(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
});

/** A phone of its own, with the app open and somebody signed in. */
async function phone(url: string, email: string, options: object = {}): Promise<Page> {
  onTestFailed(() => {
    process.stderr.write(installation.logs());
  });
  const context = await browser.newContext({ viewport: PHONE, locale: 'en-GB', ...options });
  contexts.push(context);
  const page = await context.newPage();
  await page.goto(`${url}/work`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

/** A visit that begins so many quarters of an hour from now, given to somebody. */
async function visit(quarters: number, cleaner: string): Promise<{ job: string; number: number }> {
  const start = (Math.ceil(Date.now() / QUARTER / 2) * 2 + quarters) * QUARTER;
  const number = await bookByPhone(company, `Visit ${quarters}`, start);
  const { hits } = await ask<{ hits: { job: string }[] }>(`search?text=J-${number}&kinds=booking`);
  const job = hits[0]?.job ?? '';
  await company.marta.run('job.assign', { job, cleaner });
  return { job, number };
}

async function ask<T>(query: string): Promise<T> {
  const token = await Api.signIn(server.url, 'marta@example.test').then((api) => api.token);
  const response = await fetch(`${server.url}/api/v1/queries/${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as T;
}

/** What was done to a job, in the order in which it happened. */
async function deeds(job: string): Promise<string[]> {
  const { entries } = await ask<History>(`job.history?job=${job}`);
  const told = entries.map(({ what }) => what.kind).filter((kind) => !kind.startsWith('alert'));
  return told.reverse();
}

const card = (page: Page, number: number) => page.locator(`article[data-job="${number}"]`);
const strip = (page: Page) => page.locator('[data-strip=away]');
const offered = (page: Page, action: string) => page.locator(`article [data-action="${action}"]`);

async function serviceWorker(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { active, scope } = await navigator.serviceWorker.ready;
    return `${active?.state} ${new URL(scope).pathname}`;
  });
}

describe('the app on a phone', () => {
  it('can be installed, in either language, and every tab is accessible', async () => {
    await visit(26, company.irina.id);
    await bookByPhone(company, 'Openly', (Math.ceil(Date.now() / QUARTER / 2) * 2 + 20) * QUARTER);
    const page = await phone(server.url, company.irina.email);
    expect(await serviceWorker(page)).toMatch(/^activat(ing|ed) \/work$/);
    const cdp = await page.context().newCDPSession(page);
    const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
    // A window without a profile of its own cannot install anything, whatever the app is like.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual(
      [],
    );
    const names = { en: 'Dispatch Hub: my work', ru: 'Dispatch Hub: моя работа' };
    for (const [language, name] of Object.entries(names)) {
      await page.evaluate((chosen) => localStorage.setItem('dispatch-hub.language', chosen), language);
      await page.reload();
      await page.locator(`html[lang=${language}]`).waitFor();
      await page.getByRole('heading', { level: 1 }).waitFor();
      const { data } = await cdp.send('Page.getAppManifest');
      const manifest = JSON.parse(data ?? '{}') as Record<string, unknown>;
      expect(manifest).toMatchObject({ name, start_url: '/work', scope: '/work', display: 'standalone' });
      for (const tab of await page.getByRole('navigation').getByRole('button').all()) {
        await tab.click();
        await page.getByRole('heading', { level: 1 }).waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width);
      }
    }
  });

  it('starts without a network, and what was done meanwhile happens once', async () => {
    const cable = await Cable.to(server.port);
    try {
      const { job, number } = await visit(2, company.irina.id);
      const page = await phone(cable.url, company.irina.email);
      await card(page, number).waitFor();
      await serviceWorker(page);

      cable.pull();
      await strip(page).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await offered(page, 'job.acknowledge').click();
      await offered(page, 'job.depart').click();
      await offered(page, 'job.arrive').waitFor();
      await strip(page).getByText('2 actions saved, they will be sent.').waitFor();

      await page.reload();
      await card(page, number).getByText('Visit 2’s house').waitFor();
      await offered(page, 'job.arrive').waitFor();
      await strip(page).getByText('2 actions saved, they will be sent.').waitFor();
      await card(page, number).locator('[data-standing=waiting]').nth(1).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await deeds(job)).toEqual(['booked', 'assigned']);

      cable.plugIn();
      await page.locator('[data-link=live]').waitFor();
      await card(page, number).locator('[data-standing=done]').nth(1).waitFor();
      await card(page, number).locator('[data-status=en_route]').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await deeds(job)).toEqual(['booked', 'assigned', 'acknowledged', 'departed']);
      await company.marta.run('job.arrive', { job });
      await company.marta.run('job.no_access', { job });
    } finally {
      cable.close();
    }
  });

  it('keeps what two tabs do, on a network that flaps, and sends it once', async () => {
    const cable = await Cable.to(server.port);
    try {
      const { job, number } = await visit(8, company.irina.id);
      const page = await phone(cable.url, company.irina.email);
      await card(page, number).waitFor();
      const other = await page.context().newPage();
      await other.goto(`${cable.url}/work`);
      await card(other, number).waitFor();
      cable.pull();
      await strip(page).waitFor();
      await offered(page, 'job.acknowledge').click();
      await offered(other, 'job.depart').click();
      await strip(page).getByText('2 actions saved').waitFor();
      for (let blink = 0; blink < 3; blink++) {
        cable.plugIn();
        await page.locator('[data-link=live]').waitFor();
        cable.pull();
        await page.locator('[data-link=reconnecting]').waitFor();
      }
      cable.plugIn();
      for (const tab of [page, other]) await card(tab, number).locator('[data-status=en_route]').waitFor();
      await strip(page).waitFor({ state: 'detached' });
      expect(await deeds(job)).toEqual(['booked', 'assigned', 'acknowledged', 'departed']);
      await company.marta.run('job.arrive', { job });
      await company.marta.run('job.no_access', { job });
    } finally {
      cable.close();
    }
  });

  it('explains what was not possible, and who has the job now', async () => {
    const cable = await Cable.to(server.port);
    try {
      const { job, number } = await visit(14, company.irina.id);
      const page = await phone(cable.url, company.irina.email);
      await card(page, number).waitFor();
      cable.pull();
      await strip(page).waitFor();
      await offered(page, 'job.acknowledge').click();
      await offered(page, 'job.depart').click();
      await strip(page).getByText('2 actions saved').waitFor();
      await company.marta.run('job.assign', { job, cleaner: company.olga.id, seat: 0 });
      cable.plugIn();
      await page.getByText(/This job was given to Olga at \d\d:\d\d/).waitFor();
      await page.getByText('The step before it (Confirmed) was not possible.').waitFor();
      expect(await card(page, number).count()).toBe(0);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await deeds(job)).toEqual(['booked', 'assigned', 'assigned']);
      await page.getByRole('button', { name: 'Understood' }).click();
      await page.getByText('was given to Olga').waitFor({ state: 'detached' });
    } finally {
      cable.close();
    }
  });

  it('leaves nothing of anybody on it when they sign out', async () => {
    const page = await phone(server.url, company.olga.email);
    const kept = () =>
      page.evaluate(async () => {
        const opening = indexedDB.open('dispatch-hub.work');
        const database = await new Promise<IDBDatabase>((resolve) => {
          opening.onsuccess = () => resolve(opening.result);
        });
        const all = ['days', 'entries'].map((name) => {
          const asked = database.transaction(name).objectStore(name).count();
          return new Promise<number>((resolve) => {
            asked.onsuccess = () => resolve(asked.result);
          });
        });
        const counts = await Promise.all(all);
        database.close();
        return counts[0] ?? 0;
      });
    await expect.poll(kept, { timeout: 10_000 }).toBe(1);
    await page.getByRole('button', { name: 'Me' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await expect.poll(kept, { timeout: 10_000 }).toBe(0);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(company.olga.id);
  });
});

describe('where a cleaner is', () => {
  it('is told on the way, with consent, and seen by their customer', async () => {
    const { job, number } = await visit(2, company.olga.id);
    const { hits } = await ask<{ hits: { id: string }[] }>(`search?text=J-${number}&kinds=booking`);
    const booking = hits[0]?.id ?? '';
    const page = await phone(server.url, company.olga.email, {
      geolocation: { longitude: 13.45, latitude: 52.51, accuracy: 20 },
      permissions: ['geolocation'],
    });
    await offered(page, 'job.acknowledge').click();
    await offered(page, 'job.depart').click();
    await page.getByRole('heading', { name: 'Share your position at work?' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Share at work' }).click();
    const seen = () => tracked(booking);
    await expect
      .poll(seen, { timeout: 20_000 })
      .toMatchObject([{ id: company.olga.id, lon: 13.45, lat: 52.51 }]);
    await page.getByRole('button', { name: 'Me' }).click();
    await page.locator('[data-reporting=on]').waitFor();
    await page.getByRole('switch', { name: 'My position' }).click();
    await page.locator('[data-reporting=off]').waitFor();
    await company.marta.run('job.arrive', { job });
  });
});

/** What the booking's track shows. */
async function tracked(booking: string): Promise<unknown> {
  const token = (await Api.signIn(server.url, 'marta@example.test')).token;
  const response = await fetch(`${server.url}/api/v1/channels/track:${booking}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { data } = (await response.json()) as { data?: { set: unknown[] } };
  return data?.set;
}
