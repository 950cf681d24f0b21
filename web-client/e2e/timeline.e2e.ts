/**
 * The timeline under a dispatcher's hands: dragging onto a cleaner and along time, what the rules say to a
 * place, undo, a colleague who was quicker, and all of it by the keyboard. Accessible in each state.
 */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { accessibilityFaults } from './support/accessible';
import { Cable } from './support/cable';
import { Api, bookByPhone, type Company, foundCompany, MARTA, PASSWORD } from './support/company';
import { launch, open, signIn, type Watched } from './support/pages';
import { Installation, type Instance } from './support/processes';
import { bar, queued } from './support/story';

const ADMIN = 'admin@example.test';
const NORA = { name: 'Nora Falk', email: 'nora@example.test' };
const HOUR = 3_600_000;
const QUARTER = HOUR / 4;

let installation: Installation;
let instance: Instance;
let browser: Browser;
let company: Company;
let cable: Cable;
let marta: Watched;
let page: Page;

beforeAll(async () => {
  installation = new Installation();
  instance = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  company = await foundCompany(instance.url, ADMIN);
  const admin = await Api.signIn(instance.url, ADMIN);
  await admin.run('admin.user_save', { role: 'dispatcher', password: PASSWORD, ...NORA });
  browser = await launch();
  cable = await Cable.to(instance.port);
  marta = await open(browser, 1440, 900);
  page = marta.page;
  await signIn(page, cable.url, MARTA.email);
  await page.getByRole('grid').waitFor();
});

afterAll(async () => {
  await browser?.close();
  cable?.close();
  await installation?.stop();
});

afterEach(() => {
  expect(marta.errors.splice(0)).toEqual([]);
});

function showLogsOnFailure(): void {
  onTestFailed(() => {
    process.stderr.write(installation.logs());
  });
}

/** On the hour or half past it, so many hours from now: within the shifts, which last nine. */
const inHours = (hours: number): number => Math.ceil(Date.now() / (HOUR / 2)) * (HOUR / 2) + hours * HOUR;

const rowOf = (cleaner: { readonly id: string }): Locator => page.locator(`[data-cleaner="${cleaner.id}"]`);

/** The id of a job that is on the timeline. */
async function idOf(number: number): Promise<string> {
  return (await bar(page, number).getAttribute('data-job-id')) ?? '';
}

/** Presses, moves in steps and lets go only where told to. */
async function carry(from: Locator, to: { x: number; y: number }, drop: boolean): Promise<void> {
  const box = await from.boundingBox();
  if (box === null) throw new Error('what is to be dragged is not in sight');
  await page.mouse.move(box.x + Math.min(40, box.width / 2), box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 6 });
  if (drop) await page.mouse.up();
}

/** A point on a cleaner's row, well within what is in sight of it. */
async function onRow(cleaner: { readonly id: string }): Promise<{ x: number; y: number }> {
  const box = await rowOf(cleaner).getByRole('rowheader').boundingBox();
  if (box === null) throw new Error('the row is not in sight');
  return { x: box.x + box.width + 300, y: box.y + box.height / 2 };
}

describe('the timeline', () => {
  it('takes a job from the queue onto a cleaner, and back with Ctrl Z', async () => {
    showLogsOnFailure();
    const number = await bookByPhone(company, 'Ada', inHours(2));
    await queued(page, number).waitFor();
    await carry(queued(page, number).getByRole('button').first(), await onRow(company.irina), false);
    await page.locator('[data-ghost=legal]').waitFor();
    expect(await rowOf(company.irina).getAttribute('data-verdict')).toBe('legal');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.mouse.up();
    await rowOf(company.irina).locator(`[data-job="${number}"][data-status=assigned]`).waitFor();
    await queued(page, number).waitFor({ state: 'detached' });

    await page.keyboard.press('Control+z');
    await queued(page, number).waitFor();
    await bar(page, number).waitFor({ state: 'detached' });
  });

  it('moves a job along time, shows where it was, and takes that back by the toast', async () => {
    showLogsOnFailure();
    const start = inHours(4);
    const number = await bookByPhone(company, 'Grace', start);
    await queued(page, number).getByRole('button').first().dragTo(rowOf(company.irina));
    const mine = rowOf(company.irina).locator(`[data-job="${number}"]`);
    await mine.and(page.locator('[data-status=assigned]')).waitFor();
    const before = await mine.getAttribute('aria-label');

    const hourPx = await page
      .getByRole('grid')
      .evaluate((grid) => Number.parseFloat(getComputedStyle(grid).getPropertyValue('--hour')));
    const box = await mine.boundingBox();
    const from = {
      x: (box?.x ?? 0) + Math.min(40, (box?.width ?? 0) / 2),
      y: (box?.y ?? 0) + (box?.height ?? 0) / 2,
    };
    await carry(mine, { x: from.x + hourPx, y: from.y }, false);
    const there = new Date(start + HOUR).toISOString();
    await page.locator(`[data-drop="${there}"]`).waitFor();
    await page.mouse.up();
    await page.waitForFunction(
      ([job, name]) =>
        document.querySelector(`[data-job-id][data-job="${job}"]`)?.getAttribute('aria-label') !== name,
      [String(number), before] as const,
    );
    await mine
      .and(page.locator('[aria-label*="was at"]'))
      .and(page.locator('[aria-label*="Assigned"]'))
      .waitFor();
    await page.getByText(new RegExp(`J-${number} moved to`)).waitFor();
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).last().click();
    await page.getByText(`J-${number}: taken back`).waitFor();
    await mine.and(page.locator(`[aria-label="${before}"]`)).waitFor();
  });

  it('says why a place is impossible, and offers what is possible', async () => {
    showLogsOnFailure();
    const start = inHours(7);
    const first = await bookByPhone(company, 'Hedy', start);
    const second = await bookByPhone(company, 'Mary', start);
    await queued(page, first).getByRole('button').first().dragTo(rowOf(company.olga));
    await rowOf(company.olga).locator(`[data-job="${first}"][data-status=assigned]`).waitFor();

    await carry(queued(page, second).getByRole('button').first(), await onRow(company.olga), false);
    await page.locator('[data-ghost=illegal]').getByText('Olga Berg has a job then').waitFor();
    await page.mouse.up();
    const card = page.getByRole('alert');
    await card.getByText('Olga Berg has a job then.').waitFor();
    await card.getByText(`J-${second} is back in its place`).waitFor();
    await queued(page, second).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    await card.getByRole('button', { name: 'Irina Petrova instead' }).click();
    await rowOf(company.irina).locator(`[data-job="${second}"][data-status=assigned]`).waitFor();
    expect(await card.textContent()).toBe('');
  });

  it('gives up with Esc what is in the air', async () => {
    showLogsOnFailure();
    const number = await bookByPhone(company, 'Jean', inHours(3.5));
    await queued(page, number).waitFor();
    await carry(queued(page, number).getByRole('button').first(), await onRow(company.olga), false);
    await page.locator('[data-ghost=legal]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-ghost]').waitFor({ state: 'detached' });
    await page.mouse.up();
    expect(await queued(page, number).count()).toBe(1);
    expect(await bar(page, number).count()).toBe(0);
  });

  it('assigns with at most six keys, and moves with the arrows', async () => {
    showLogsOnFailure();
    let keys = 0;
    const press = async (key: string) => {
      keys += 1;
      await page.keyboard.press(key);
    };
    await press('j');
    await press('a');
    await page
      .getByRole('status')
      .getByText(/, .+: possible/)
      .waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    for (const letter of 'ol') await press(letter);
    await press('Enter');
    const moved = rowOf(company.olga).locator('[data-job][aria-pressed=true]');
    await moved.and(page.locator('[data-status=assigned]')).waitFor();
    expect(keys).toBeLessThanOrEqual(6);

    const number = Number(await moved.getAttribute('data-job'));
    await page.keyboard.press('m');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByText(new RegExp(`J-${number} moved to`)).waitFor();
    await bar(page, number).and(page.locator('[aria-label*="was at"]')).waitFor();
  });

  it('tells who was quicker when two are at one job', async () => {
    showLogsOnFailure();
    const start = inHours(5.5);
    const number = await bookByPhone(company, 'Emmy', start);
    await queued(page, number).getByRole('button').first().dragTo(rowOf(company.olga));
    const mine = rowOf(company.olga).locator(`[data-job="${number}"]`);
    await mine.and(page.locator('[data-status=assigned]')).waitFor();
    const id = await idOf(number);
    const nora = await open(browser, 1440, 900);
    await signIn(nora.page, instance.url, NORA.email);
    await nora.page.getByRole('grid').waitFor();
    await page.getByRole('button', { name: 'One colleague here' }).waitFor();

    cable.pull();
    await page.getByText('Reconnecting').first().waitFor();
    const other = await Api.signIn(instance.url, NORA.email);
    await other.run('job.move', { job: id, start: new Date(start + QUARTER).toISOString() });
    await bar(page, number).click();
    await page.keyboard.press('u');
    await queued(page, number).waitFor();
    cable.plugIn();
    const card = page.getByRole('alert');
    await card.getByText(/Nora Falk moved it to \d\d:\d\d\./).waitFor();
    await mine.waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await card.getByRole('button', { name: 'Do it anyway' }).click();
    await queued(page, number).waitFor();
    await mine.waitFor({ state: 'detached' });
    await nora.page.context().close();
  });

  it('is a grid that arrows go through, in three days, and by a form', async () => {
    showLogsOnFailure();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: '3 days' }).click();
    await page.waitForURL((at) => at.searchParams.get('days') === '3');
    await page.getByLabel('Row height').selectOption('roomy');
    await page.waitForURL((at) => at.searchParams.get('rows') === 'roomy');
    await page.getByRole('rowheader', { name: /^Irina Petrova/ }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toMatch(
      /Standard clean, J-\d+, /,
    );
    await page.keyboard.press('v');
    await page.getByRole('status').getByText('1 job selected').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press('m');
    await page.getByRole('button', { name: 'As a form …' }).click();
    const form = page.getByRole('dialog');
    expect(await accessibilityFaults(page)).toEqual([]);
    await form.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('Escape');
  });
});
