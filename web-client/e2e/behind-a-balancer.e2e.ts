/**
 * The same three pages behind nginx, which binds nobody to an instance: requests go to any of three, the
 * socket of each page to another one, and a page goes on when its instance dies.
 */
import { randomInt } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { type Company, foundCompany, MARTA, PASSWORD } from './support/company';
import { isMarked, launch, mark, open, signIn } from './support/pages';
import { Installation, type Instance } from './support/processes';
import { book, fromBookingToDone, headline, queued } from './support/story';

const ADMIN = 'admin@example.test';
/** How often a page is opened again to reach an instance of its own. */
const TRIES = 30;

let installation: Installation;
let instances: Instance[];
let url: string;
let browser: Browser;
let company: Company;

beforeAll(async () => {
  installation = new Installation({ DISPATCH_HUB_HTTP__TRUSTED_PROXIES: '127.0.0.1' });
  await installation.startRedis();
  instances = [];
  for (let count = 0; count < 3; count++) instances.push(await installation.startInstance());
  await installation.createAdmin(ADMIN, PASSWORD);
  url = await installation.startBalancer(instances);
  company = await foundCompany(url, ADMIN);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

async function metric(instance: Instance, name: string): Promise<number> {
  const text = await (await fetch(`${instance.opsUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

const sockets = () => Promise.all(instances.map((each) => metric(each, 'hub_connections')));

async function live(page: Page): Promise<void> {
  await page.locator('[data-link=live]').waitFor();
}

/** Asks the balancer for something a few times. It takes turns, and a page that asks for as much on every
 * reload could come to the same instance for ever. */
async function othersTakeTurns(): Promise<void> {
  for (let turns = randomInt(3); turns > 0; turns--) await fetch(`${url}/api/v1/zones`);
}

/** Opens the page again until its socket is the only one of one of these instances; which that is. So many
 * pages are open. */
async function onItsOwn(page: Page, free: readonly number[], pages: number): Promise<number> {
  for (let count = 0; count < TRIES; count++) {
    await live(page);
    const total = async () => (await sockets()).reduce((sum, each) => sum + each, 0);
    await expect.poll(total, { timeout: 10_000 }).toBe(pages);
    const open = await sockets();
    const found = free.find((at) => open[at] === 1);
    if (found !== undefined) return found;
    await othersTakeTurns();
    await page.reload();
  }
  throw new Error(`no instance of its own: ${await sockets()}`);
}

it('three pages on three instances see every step of a visit, and one goes on elsewhere', async () => {
  onTestFailed(() => {
    process.stderr.write(installation.logs());
  });
  const pages = await Promise.all(
    [
      [390, 844],
      [1440, 900],
      [390, 844],
    ].map(([width = 0, height = 0]) => open(browser, width, height)),
  );
  const [cleaner, control, customer] = pages.map(({ page }) => page) as [Page, Page, Page];
  await signIn(cleaner, url, company.irina.email);
  await cleaner.getByRole('heading', { level: 1 }).waitFor();
  // The first one also runs the database.
  await onItsOwn(cleaner, [0], 1);
  await signIn(control, url, MARTA.email);
  const second = await onItsOwn(control, [1, 2], 2);
  await control.getByRole('grid').waitFor();
  await cleaner.getByRole('button', { name: 'Open jobs' }).click();
  const number = await book(customer, url, 'Ada');
  await onItsOwn(customer, [3 - second], 3);
  await fromBookingToDone({ customer, cleaner, control }, number);
  expect(await sockets()).toEqual([1, 1, 1]);
  const served = await Promise.all(instances.map((each) => metric(each, 'http_request_seconds_count')));
  expect(Math.min(...served)).toBeGreaterThan(0);

  await mark(control);
  instances[second]?.process.kill('SIGKILL');
  const { page: other } = await open(browser, 390, 844);
  const later = await book(other, url, 'Grace');
  await queued(control, later).waitFor();
  await headline(customer, 'All done. Thank you!');
  expect(await isMarked(control)).toBe(true);
  for (const { errors } of pages) expect(errors).toEqual([]);
});
