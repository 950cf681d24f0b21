/** Booking in a browser that runs no scripts: from the page that needs them to the visit, and back out. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from './support/accessible';
import { foundCompany, PASSWORD } from './support/company';
import { launch } from './support/pages';
import { Installation, type Instance } from './support/processes';

const ADMIN = 'admin@example.test';

let installation: Installation;
let server: Instance;
let browser: Browser;

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  server = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  await foundCompany(server.url, ADMIN);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

/** Checks the page as it stands. Scripts are off for the page itself, so another one reads its HTML. */
async function expectAccessible(page: Page): Promise<void> {
  const [html, style] = [await page.content(), await (await fetch(`${server.url}/plain/style.css`)).text()];
  const context = await browser.newContext({ viewport: page.viewportSize() });
  const copy = await context.newPage();
  await copy.setContent(html);
  await copy.addStyleTag({ content: style });
  expect(await accessibilityFaults(copy)).toEqual([]);
  await context.close();
}

describe('without JavaScript', () => {
  it.each([
    { locale: 'en-GB', colorScheme: 'light' as const, visit: 'Your visit', booked: 'Booked' },
    { locale: 'ru-RU', colorScheme: 'dark' as const, visit: 'Ваша уборка', booked: 'Заказано' },
  ])('a visit is booked in $locale', async ({ locale, colorScheme, visit, booked }) => {
    const context = await browser.newContext({
      ...{ locale, colorScheme, javaScriptEnabled: false, viewport: { width: 390, height: 844 } },
    });
    const page = await context.newPage();
    await page.goto(server.url);
    await page.locator('.no-script a').first().click();
    await expectAccessible(page);
    await page.locator('.card').first().click();
    await page.locator('.card').first().click();
    await expectAccessible(page);
    await page.locator('.times button').last().click();
    await expectAccessible(page);
    await page.locator('[name=name]').fill('Ada');
    await page.locator('[name=phone]').fill('+49 30 7654321');
    await page.locator('[name=address]').fill('1 Garden Street');
    await page.locator('.details button').click();
    await page.getByRole('heading', { name: visit }).waitFor();
    await page.getByText(booked).first().waitFor();
    await expectAccessible(page);
    const { cookies } = await context.storageState();
    expect(cookies.map(({ httpOnly, sameSite, path }) => ({ httpOnly, sameSite, path }))).toEqual(
      cookies.map(() => ({ httpOnly: true, sameSite: 'Lax', path: '/plain' })),
    );
    await page.goto(`${server.url}/plain/bookings`);
    await page.locator('.card').first().waitFor();
    await expectAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await context.close();
  });
});
