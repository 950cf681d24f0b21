/**
 * Three pages side by side: a customer and a dispatcher on one instance, a cleaner on another. Each step
 * of one is seen on the other two without a reload, and a page that was cut off catches up without a gap.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { Cable } from './support/cable';
import { Api, bookByPhone, type Company, foundCompany, MARTA, PASSWORD } from './support/company';
import { isMarked, launch, mark, open, signIn, type Watched } from './support/pages';
import { Installation, type Instance } from './support/processes';
import { bar, book, fromBookingToDone, headline, queued } from './support/story';

const ADMIN = 'admin@example.test';
const NORA = { name: 'Nora Falk', email: 'nora@example.test' };
const HALF_HOUR = 30 * 60_000;

let installation: Installation;
let a: Instance;
let b: Instance;
let browser: Browser;
let company: Company;
let opened: Watched[] = [];

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  a = await installation.startInstance();
  b = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  company = await foundCompany(a.url, ADMIN);
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

async function watched(width: number, height: number): Promise<Watched> {
  const each = await open(browser, width, height);
  opened.push(each);
  return each;
}

async function cleanerAt(url: string): Promise<Page> {
  const { page } = await watched(390, 844);
  await signIn(page, url, company.irina.email);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

async function dispatcherAt(url: string, who = MARTA): Promise<Page> {
  const { page } = await watched(1440, 900);
  await signIn(page, url, who.email);
  await page.getByRole('grid').waitFor();
  return page;
}

describe('three pages side by side', () => {
  it('see every step of a visit, from booking to done, without a reload', async () => {
    showLogsOnFailure();
    const cleaner = await cleanerAt(b.url);
    await cleaner.getByRole('button', { name: 'Open jobs' }).click();
    const control = await dispatcherAt(a.url);
    const { page: customer } = await watched(390, 844);
    const number = await book(customer, a.url, 'Ada');
    await fromBookingToDone({ customer, cleaner, control }, number);
  });

  it('a dispatcher assigns by dragging and with the keys, and the cleaner sees it', async () => {
    showLogsOnFailure();
    const first = Math.ceil(Date.now() / HALF_HOUR) * HALF_HOUR + 3 * HALF_HOUR;
    const dragged = await bookByPhone(company, 'Grace', first);
    const typed = await bookByPhone(company, 'Hedy', first + 4 * HALF_HOUR);
    const cleaner = await cleanerAt(b.url);
    const control = await dispatcherAt(a.url);

    const row = control.locator(`[data-cleaner="${company.irina.id}"]`);
    await queued(control, dragged).getByRole('button').first().dragTo(row);
    await row.locator(`[data-job="${dragged}"]`).waitFor();
    await cleaner.getByText('Grace’s house').first().waitFor();

    await queued(control, typed).waitFor();
    while ((await queued(control, typed).locator('[aria-pressed=true]').count()) === 0) {
      await control.keyboard.press('j');
    }
    await control.keyboard.press('a');
    const rows = await control
      .locator('[data-cleaner]')
      .evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset.cleaner));
    for (let at = 0; at < rows.indexOf(company.irina.id); at++) await control.keyboard.press('ArrowDown');
    await control.keyboard.press('Enter');
    await row.locator(`[data-job="${typed}"]`).waitFor();
    await cleaner.getByText('Hedy’s house').first().waitFor();
  });

  it('a page that was cut off catches up without a gap', async () => {
    showLogsOnFailure();
    const cable = await Cable.to(a.port);
    try {
      const { page: customer, offsets } = await watched(390, 844);
      const number = await book(customer, cable.url, 'Mary');
      await mark(customer);
      const channel = `booking:${new URL(customer.url()).pathname.slice('/bookings/'.length)}`;
      const control = await dispatcherAt(b.url);
      await queued(control, number).getByRole('button').first().click();

      cable.pull();
      await customer.getByText('Reconnecting').waitFor();
      const job = String(await assignAndArrive(control, number));
      expect(job).toBe('arrived');
      await headline(customer, 'Booked. We are finding your cleaner.');

      cable.plugIn();
      await headline(customer, 'Olga is at your door.');
      await customer.locator('[data-link=live]').waitFor();
      expect(await isMarked(customer)).toBe(true);
      const heard = offsets.get(channel) ?? [];
      expect(heard.length).toBeGreaterThanOrEqual(5);
      expect(heard).toEqual(heard.map((_, i) => (heard[0] ?? 0) + i));
    } finally {
      cable.close();
    }
  });
});

describe('two dispatchers', () => {
  it('see what each looks at and edits, on two instances, and one takes over from the other', async () => {
    showLogsOnFailure();
    const admin = await Api.signIn(a.url, ADMIN);
    await admin.run('admin.user_save', { role: 'dispatcher', password: PASSWORD, ...NORA });
    const first = Math.ceil(Date.now() / HALF_HOUR) * HALF_HOUR + 3 * HALF_HOUR;
    const number = await bookByPhone(company, 'Emmy', first);
    const [marta, nora] = [await dispatcherAt(a.url), await dispatcherAt(b.url, NORA)];
    await marta.getByRole('button', { name: 'One colleague here' }).waitFor();
    await nora.getByRole('button', { name: 'One colleague here' }).waitFor();

    await queued(nora, number).getByRole('button').first().click();
    await queued(marta, number).getByTitle(`${NORA.name} is looking at this`).waitFor();
    await queued(marta, number).getByRole('button', { name: 'Assign …' }).click();
    const beside = nora.getByRole('complementary');
    await beside.getByText(`${MARTA.name} is editing this`).waitFor();
    await beside.getByRole('button', { name: 'Take over' }).click();
    await marta.getByText(`${NORA.name} took over J-${number}`).waitFor();
    await beside.getByText('Colleagues see that you are editing this.').waitFor();

    // Gone with the grace, and with her the lock.
    await nora.context().close();
    opened = opened.filter(({ page }) => page !== nora);
    await marta.getByRole('button', { name: 'No colleagues here' }).waitFor();
    expect(await queued(marta, number).getByTitle(`${NORA.name} is editing this`).count()).toBe(0);
  });
});

describe('a time that goes while it is watched', () => {
  it('is struck where it stands; chosen too late, the nearest are offered, one tap each', async () => {
    showLogsOnFailure();
    const cable = await Cable.to(b.port);
    try {
      const { page } = await watched(390, 844);
      await page.goto(cable.url);
      // The last times of the day: both cleaners are free then.
      const chips = page.locator('[data-start]');
      await chips.first().waitFor();
      const starts = await chips.evaluateAll((all) =>
        all.map((each) => (each as HTMLElement).dataset.start ?? ''),
      );
      const [watchedStart, chosenStart] = [starts.at(-4) ?? '', starts.at(-1) ?? ''];
      const chip = (start: string) => page.locator(`[data-start="${start}"]`);
      await takeAll(watchedStart);
      await chip(watchedStart).getByText('just taken').waitFor();

      cable.pull();
      await page.getByText('Reconnecting').waitFor();
      await takeAll(chosenStart);
      await chip(chosenStart).click();
      cable.plugIn();
      const sheet = page.getByRole('dialog');
      await sheet.getByText('This time has just been taken').waitFor();
      await sheet.getByRole('listitem').first().getByRole('button').click();
      await page.getByRole('timer').waitFor();
      expect(await page.getByRole('timer').textContent()).toMatch(/Held for you (5:00|4:5\d)/);
    } finally {
      cable.close();
    }
  });
});

/** Both cleaners' time at a start, booked by phone. */
async function takeAll(start: string): Promise<void> {
  for (const name of ['Ruth', 'Jean']) await bookByPhone(company, name, Date.parse(start));
}

/** A dispatcher gives the chosen job to Olga and moves it on for her; returns the state reached. */
async function assignAndArrive(control: Page, number: number): Promise<string | null> {
  await queued(control, number).getByRole('button', { name: 'Assign …' }).click();
  await control.locator(`[data-cleaner="${company.olga.id}"]`).getByText(company.olga.name).click();
  for (const [action, status] of [
    ['Confirm the job', 'acknowledged'],
    ['I am on my way', 'en_route'],
    ['I have arrived', 'arrived'],
  ] as const) {
    await control.getByRole('complementary').getByRole('button', { name: action }).click();
    await bar(control, number)
      .and(control.locator(`[data-status=${status}]`))
      .waitFor();
  }
  return bar(control, number).getAttribute('data-status');
}
