/**
 * What surrounds the control room's timeline: finding anything by typing, narrowing the day, who could take a
 * job, two dispatchers at one job, where cleaners are, and a board that nothing new reaches.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { accessibilityFaults } from './support/accessible';
import { Cable } from './support/cable';
import { Api, bookByPhone, type Company, foundCompany, MARTA, PASSWORD } from './support/company';
import { launch, open, signIn, type Watched } from './support/pages';
import { Installation, type Instance } from './support/processes';
import { bar, queued } from './support/story';

const ADMIN = 'admin@example.test';
const NORA = { name: 'Nora Falk', email: 'nora@example.test' };
const HALF_HOUR = 30 * 60_000;
const DAY = 24 * 60 * 60_000;

let installation: Installation;
let instance: Instance;
let browser: Browser;
let company: Company;
let opened: Watched[] = [];
/** Times that no other booking of this file takes. */
let next = 0;
const freeStart = () => Math.ceil(Date.now() / HALF_HOUR) * HALF_HOUR + (3 + 3 * next++) * HALF_HOUR;

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  instance = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  company = await foundCompany(instance.url, ADMIN);
  const admin = await Api.signIn(instance.url, ADMIN);
  await admin.run('admin.user_save', { role: 'dispatcher', password: PASSWORD, ...NORA });
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

async function dispatcher(who = MARTA, url = instance.url): Promise<Page> {
  onTestFailed(() => {
    process.stderr.write(installation.logs());
  });
  const each = await open(browser, 1440, 900);
  opened.push(each);
  await signIn(each.page, url, who.email);
  await each.page.getByRole('grid').waitFor();
  return each.page;
}

const beside = (page: Page) => page.getByRole('complementary');
const tab = (page: Page, name: string) => beside(page).getByRole('tab', { name });

async function choose(page: Page, number: number): Promise<void> {
  await queued(page, number).getByRole('button').first().click();
  await beside(page)
    .getByRole('region', { name: new RegExp(`^J-${number}`) })
    .waitFor();
}

describe('the palette', () => {
  it('opens a job of this day and a booking of another by typing, with the keys alone', async () => {
    const number = await bookByPhone(company, 'Ada', freeStart());
    const later = await shiftTomorrow();
    const tomorrow = await bookByPhone(company, 'Zelda Quist', later);
    const page = await dispatcher();
    await queued(page, number).waitFor();

    await page.keyboard.press('Control+k');
    const field = page.getByRole('combobox', { name: 'Go to or do' });
    await field.waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.type(`j-${number}`);
    await page.getByRole('option', { selected: true, name: `J-${number} · Ada` }).waitFor();
    await page.keyboard.press('Enter');
    await beside(page)
      .getByRole('region', { name: new RegExp(`^J-${number}`) })
      .waitFor();

    await page.keyboard.press('Control+k');
    await page.keyboard.type('zelda');
    await page.getByRole('option', { name: new RegExp(`^J-${tomorrow} · Zelda Quist`) }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    // The customer comes first: Enter goes on to their bookings, and again to the booking.
    await page.getByRole('option', { selected: true, name: /^Zelda Quist/ }).waitFor();
    await page.keyboard.press('Enter');
    await page
      .getByRole('option', { selected: true, name: new RegExp(`^J-${tomorrow} · Zelda Quist`) })
      .waitFor();
    await page.keyboard.press('Enter');
    await queued(page, tomorrow).waitFor();
    await beside(page)
      .getByRole('region', { name: new RegExp(`^J-${tomorrow}`) })
      .waitFor();
    expect(new URL(page.url()).searchParams.get('date')).not.toBe(null);
  });
});

describe('the filter', () => {
  it('narrows queue, rows and counts, and is there after a reload and by its name', async () => {
    const wanted = await bookByPhone(company, 'Hedy', freeStart());
    const other = await bookByPhone(company, 'Grace', freeStart());
    const page = await dispatcher();
    await queued(page, other).waitFor();
    await page.keyboard.press('f');
    await page.getByRole('searchbox', { name: 'Text' }).fill('hedy');
    await queued(page, other).waitFor({ state: 'detached' });
    await queued(page, wanted).waitFor();
    expect(await page.locator('[role=row][data-cleaner]').count()).toBe(0);
    await page.getByText('1 unassigned').waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toBe('hedy');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.locator('summary', { hasText: 'Views' }).click();
    await page.getByRole('textbox', { name: 'Name of this view' }).fill('Mine');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Mine', exact: true }).waitFor();

    await page.reload();
    await queued(page, wanted).waitFor();
    expect(await queued(page, other).count()).toBe(0);
    await page.getByRole('button', { name: 'Show everything' }).click();
    await queued(page, other).waitFor();
    await page.keyboard.press('f');
    await page.locator('summary', { hasText: 'Views' }).click();
    await page.getByRole('button', { name: 'Mine', exact: true }).click();
    await queued(page, other).waitFor({ state: 'detached' });
  });
});

describe('the inspector', () => {
  it('tells who could take a job, gives it to one, and tells what was done', async () => {
    const number = await bookByPhone(company, 'Emmy', freeStart());
    const page = await dispatcher();
    await choose(page, number);
    await tab(page, 'Cleaners').click();
    expect(await accessibilityFaults(page)).toEqual([]);
    const assign = beside(page).getByRole('button', { name: `Assign J-${number} to ${company.olga.name}` });
    await assign.click();
    await bar(page, number).waitFor();
    await page
      .locator(`[data-cleaner="${company.olga.id}"]`)
      .locator(`[data-job="${number}"]`)
      .first()
      .waitFor();

    await tab(page, 'History').click();
    const history = beside(page).getByRole('tabpanel');
    await history.getByText(`Given to ${company.olga.name}`).waitFor();
    await history.getByText(`${MARTA.name}, dispatcher`).first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await tab(page, 'Customer').click();
    await beside(page).getByRole('link', { name: '+49 30 1234567' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('shows a colleague that somebody is writing, and lets them take over', async () => {
    const number = await bookByPhone(company, 'Ruth', freeStart());
    const [marta, nora] = [await dispatcher(), await dispatcher(NORA)];
    await choose(nora, number);
    await choose(marta, number);
    await tab(marta, 'Customer').click();
    await beside(marta).getByRole('button', { name: 'Correct' }).click();
    await beside(nora).getByText(`${MARTA.name} is editing this`).waitFor();
    await beside(marta).getByRole('textbox', { name: 'Name' }).fill('Ruth Adler');
    await nora.getByText(`${MARTA.name} is writing about this`).first().waitFor({ state: 'attached' });
    expect(await accessibilityFaults(nora)).toEqual([]);
    await beside(nora).getByRole('button', { name: 'Take over' }).click();
    await marta.getByText(`${NORA.name} took over J-${number}`).waitFor();
    await beside(nora).getByText('Colleagues see that you are editing this.').waitFor();
  });
});

describe('the map', () => {
  it('has a table of where cleaners are', async () => {
    const irina = await Api.signIn(instance.url, company.irina.email);
    await irina.run('duty.set', { duty: 'on' });
    const page = await dispatcher();
    await page.getByRole('img', { name: /^0 cleaners/ }).waitFor();
    await report(irina.token);
    await page.getByRole('img', { name: /^1 cleaner, 0 of them late/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Where cleaners are, as a table' }).click();
    const table = page.getByRole('region', { name: 'Where cleaners are, as a table' });
    await table.getByRole('row', { name: /Irina Petrova.*without a job right now/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press('3');
    await page.getByRole('region', { name: 'Map of Center' }).waitFor();
    await page.getByRole('grid').waitFor({ state: 'detached' });
  });
});

describe('a board that nothing new reaches', () => {
  it('pales, says so, and is itself again when the cable is back', async () => {
    const cable = await Cable.to(instance.port);
    try {
      const page = await dispatcher(MARTA, cable.url);
      const pill = page.locator('[data-fresh]');
      await pill.and(page.locator('[data-fresh=live]')).getByRole('button').click();
      await page
        .getByRole('region', { name: 'What is live' })
        .getByText(/^control:center/)
        .waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.keyboard.press('Escape');

      cable.pull();
      await pill.getByText('Reconnecting').waitFor();
      await page.locator('[data-veil=pale]').waitFor();
      await page.getByText(/^Nothing new has come for a while/).waitFor({ state: 'attached' });
      expect(await accessibilityFaults(page)).toEqual([]);

      cable.plugIn();
      await pill.getByRole('button', { name: 'Try again' }).click();
      await page.locator('[data-veil]').waitFor({ state: 'detached' });
      await page.locator('[data-fresh=live]').waitFor();
    } finally {
      cable.close();
    }
  });
});

/** Olga works tomorrow too; a start of hers then. */
async function shiftTomorrow(): Promise<number> {
  const start = Math.ceil(Date.now() / HALF_HOUR) * HALF_HOUR + DAY;
  await company.marta.run('shift.publish', {
    cleaner: company.olga.id,
    zone: 'center',
    start: new Date(start).toISOString(),
    end: new Date(start + 8 * HALF_HOUR).toISOString(),
  });
  return start + 2 * HALF_HOUR;
}

/** A position, as a phone reports it. */
async function report(token: string): Promise<void> {
  const response = await fetch(`${instance.url}/api/v1/commands/location.report`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ fixes: [{ at: new Date().toISOString(), lon: 13.5, lat: 52.5 }] }),
  });
  if (!response.ok) throw new Error(await response.text());
}
