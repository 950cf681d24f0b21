/** The story of one visit, told by three pages, wherever each of them is connected. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { accessibilityFaults } from './accessible';
import { isMarked, mark } from './pages';

export interface Pages {
  readonly customer: Page;
  readonly cleaner: Page;
  readonly control: Page;
}

/** From the first page to a booked visit; its number and address. */
export async function book(page: Page, url: string, name: string): Promise<number> {
  await page.goto(url);
  // One service and one area: both are chosen by themselves.
  await page.locator('[data-start]').first().click();
  await page.getByRole('timer').waitFor();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Phone').fill('+49 30 7654321');
  await page.getByLabel('Street and number').fill('1 Garden Street');
  await page.getByRole('button', { name: /^Book for/ }).click();
  await page.getByText('Booked. We are finding your cleaner.').waitFor();
  const number = await page.getByText(/^J-\d+$/).textContent();
  return Number(number?.slice(2));
}

export const bar = (page: Page, number: number) => page.locator(`[data-cleaner] [data-job="${number}"]`);
export const queued = (page: Page, number: number) => page.locator(`li[data-job="${number}"]`);
export const headline = (page: Page, text: string) => page.getByRole('heading', { name: text }).waitFor();

async function longPress(page: Page, name: RegExp): Promise<void> {
  const button = page.getByRole('button', { name });
  const box = await button.boundingBox();
  if (box === null) throw new Error('the button is not in sight');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await button.and(page.locator('[aria-busy]')).or(page.getByText('All done for today.')).first().waitFor();
  await page.mouse.up();
}

/** From a booked visit to its end: every step of one page is seen on the other two, without a reload. */
export async function fromBookingToDone(
  { customer, cleaner, control }: Pages,
  number: number,
): Promise<void> {
  for (const page of [cleaner, control, customer]) await mark(page);

  await queued(control, number).waitFor();
  for (const page of [cleaner, control, customer]) expect(await accessibilityFaults(page)).toEqual([]);
  const card = cleaner.locator(`li[data-job="${number}"]`);
  await card.getByRole('button', { name: 'Take this job' }).click();
  await headline(customer, 'Irina will come.');
  await bar(control, number).and(control.locator('[data-status=assigned]')).waitFor();
  await queued(control, number).waitFor({ state: 'detached' });

  await cleaner.getByRole('button', { name: 'Today' }).click();
  const steps = [
    ['Confirm the job', 'Irina has confirmed the visit.', 'acknowledged'],
    ['I am on my way', 'Irina is on the way.', 'en_route'],
    ['I have arrived', 'Irina is at your door.', 'arrived'],
    ['Start cleaning', 'Irina is cleaning.', 'in_progress'],
  ] as const;
  for (const [action, told, status] of steps) {
    await cleaner.getByRole('button', { name: action }).click();
    await headline(customer, told);
    await bar(control, number)
      .and(control.locator(`[data-status=${status}]`))
      .waitFor();
  }
  await longPress(cleaner, /^Complete/);
  await headline(customer, 'All done. Thank you!');
  await bar(control, number).and(control.locator('[data-status=completed]')).waitFor();

  for (const page of [cleaner, control, customer]) {
    expect(await isMarked(page)).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
  }
}
