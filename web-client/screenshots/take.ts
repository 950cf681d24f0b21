/**
 * Takes the pictures in `docs/screens`: each screen on a desktop and on a phone, light and dark, of a
 * fresh demo. A picture is taken when the page is live and has nothing left to load.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch } from '../e2e/support/pages';
import { Installation } from '../e2e/support/processes';

const FOLDER = path.join(import.meta.dirname, '../../docs/screens');
const PASSWORD = 'demo-demo';
const QUALITY = 82;
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

interface Screen {
  readonly name: string;
  readonly email?: string;
  readonly devices: readonly ('desktop' | 'phone')[];
  /** From the page's start, signed in where there is somebody, to what is to be seen. */
  readonly show: (page: Page) => Promise<void>;
}

const live = (page: Page) => page.locator('[data-link=live]').first().waitFor();

async function toTimes(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Standard clean/ }).click();
  await page.getByRole('button', { name: /Center/ }).click();
  await page.locator('[data-start]').first().waitFor();
}

const SCREENS: readonly Screen[] = [
  { name: 'booking', devices: ['desktop', 'phone'], show: toTimes },
  {
    name: 'booking-details',
    devices: ['phone'],
    show: async (page) => {
      await toTimes(page);
      await page.locator('[data-start]').nth(2).click();
      await page.getByRole('timer').waitFor();
    },
  },
  {
    name: 'control-room',
    email: 'dispatcher@demo.example',
    devices: ['desktop', 'phone'],
    show: async (page) => {
      await live(page);
      await page.locator('[data-job]').first().waitFor();
    },
  },
  {
    name: 'control-room-job',
    email: 'dispatcher@demo.example',
    devices: ['desktop'],
    show: async (page) => {
      await live(page);
      await page.locator('li[data-job]').first().getByRole('button').first().click();
    },
  },
  { name: 'cleaner-today', email: 'cleaner-center@demo.example', devices: ['phone'], show: live },
  {
    name: 'cleaner-open-jobs',
    email: 'cleaner-center@demo.example',
    devices: ['phone'],
    show: async (page) => {
      await live(page);
      await page.getByRole('button', { name: 'Open jobs' }).click();
    },
  },
  {
    name: 'admin-zones',
    email: 'admin@demo.example',
    devices: ['desktop'],
    show: async (page) => {
      await page.goto('/admin/zones');
      await page.getByRole('row').nth(1).waitFor();
    },
  },
  {
    name: 'admin-audit',
    email: 'admin@demo.example',
    devices: ['desktop'],
    show: async (page) => {
      await page.goto('/admin/audit');
      await page.getByRole('row').nth(1).waitFor();
    },
  },
  {
    name: 'sign-in',
    devices: ['phone'],
    show: async (page) => {
      await page.goto('/sign-in');
      await page.getByLabel('E-mail').waitFor();
    },
  },
];

let installation: Installation;
let url: string;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  installation = new Installation({ DISPATCH_HUB_DEMO: 'true' });
  await installation.startRedis();
  ({ url } = await installation.startInstance());
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const screen of SCREENS) {
    for (const device of screen.devices) {
      it(`${screen.name}, ${device}, ${colorScheme}`, async () => {
        const context = await browser.newContext({
          baseURL: url,
          viewport: device === 'desktop' ? DESKTOP : PHONE,
          deviceScaleFactor: device === 'desktop' ? 1 : 2,
          locale: 'en-GB',
          colorScheme,
          reducedMotion: 'reduce',
          serviceWorkers: 'block',
        });
        const page = await context.newPage();
        const errors: string[] = [];
        page.on('pageerror', (error) => errors.push(error.message));
        if (screen.email === undefined) {
          await page.goto('/');
        } else {
          await page.goto(screen.email.startsWith('cleaner') ? '/work' : '/sign-in');
          await page.getByLabel('E-mail').fill(screen.email);
          await page.getByLabel('Password').fill(PASSWORD);
          await page.getByRole('button', { name: 'Sign in', exact: true }).click();
          await page.waitForURL((at) => at.pathname !== '/sign-in');
        }
        await screen.show(page);
        await settled(page);
        const file = path.join(FOLDER, `${screen.name}-${device}-${colorScheme}.jpg`);
        await page.screenshot({ path: file, type: 'jpeg', quality: QUALITY });
        await context.close();
        expect(errors).toEqual([]);
      });
    }
  }
}
