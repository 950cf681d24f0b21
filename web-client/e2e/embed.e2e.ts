/** The booking page on a site of another's: one script tag, its colours, its height; and nobody uninvited. */
import { createServer, type Server } from 'node:http';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from './support/accessible';
import { foundCompany, PASSWORD } from './support/company';
import { launch } from './support/pages';
import { freePort, Installation, type Instance } from './support/processes';

const ADMIN = 'admin@example.test';

let installation: Installation;
let server: Instance;
let browser: Browser;
let shop: Site;
let stranger: Site;

interface Site {
  readonly server: Server;
  /** `localhost` where the hub is `127.0.0.1`: another site, not only another origin. */
  readonly url: string;
}

async function site(port: number, page: () => string): Promise<Site> {
  const host = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(page());
  });
  await new Promise<void>((resolve) => host.listen(port, '127.0.0.1', resolve));
  return { server: host, url: `http://localhost:${port}` };
}

const hostPage = () => `<!doctype html><html lang="en"><title>A shop</title><h1>A shop</h1>
  <main><script src="${server.url}/embed.js" data-accent="#7a1fa2" data-lang="en"></script></main>
  <script>
    window.heard = [];
    addEventListener('booked', ({ detail }) => window.heard.push(detail.booking));
  </script></html>`;

beforeAll(async () => {
  const [port, other] = [await freePort(), await freePort()];
  installation = new Installation({ DISPATCH_HUB_HTTP__EMBED_ORIGINS: `http://localhost:${port}` });
  await installation.startRedis();
  server = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  await foundCompany(server.url, ADMIN);
  shop = await site(port, hostPage);
  stranger = await site(other, hostPage);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  for (const each of [shop, stranger]) each?.server.close();
  await installation?.stop();
});

async function visit(url: string): Promise<{ page: Page; frame: FrameLocator }> {
  const context = await browser.newContext({ viewport: { width: 900, height: 800 }, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(url);
  return { page, frame: page.frameLocator('dispatch-hub-booking iframe') };
}

async function book(frame: FrameLocator): Promise<void> {
  await frame.locator('[data-start]').last().click();
  await frame.getByLabel('Name').fill('Ada');
  await frame.getByLabel('Phone').fill('+49 30 7654321');
  await frame.getByLabel('Street and number').fill('1 Garden Street');
  await frame.getByRole('button', { name: /^Book for/ }).click();
  await frame.getByText('Booked. We are finding your cleaner.').waitFor();
}

const heightOf = (page: Page) => page.locator('iframe').evaluate((frame) => frame.clientHeight);

describe("on another's site", () => {
  it('a visit is booked, in its colours and as high as it is', async () => {
    const { page, frame } = await visit(shop.url);
    await frame.locator('[data-start]').first().waitFor();
    const content = await frame.locator('#root').evaluate((root) => root.getBoundingClientRect().height);
    await page.waitForFunction(
      (height) => document.querySelector('iframe')?.clientHeight === height,
      Math.ceil(content),
    );
    expect(content).toBeGreaterThan(320);
    const accent = await frame.locator('html').evaluate((root) => root.style.getPropertyValue('--accent'));
    expect(accent).toContain('#7a1fa2');
    expect(await accessibilityFaults(page)).toEqual([]);
    await book(frame);
    await page.waitForFunction(() => (globalThis as unknown as { heard: string[] }).heard.length === 1);
    expect(await heightOf(page)).toBeGreaterThan(320);
    await page.context().close();
  });

  it('a visit is booked where the browser keeps nothing for frames', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 800 }, locale: 'en-GB' });
    await context.addInitScript(() => {
      const refuse = () => {
        throw new DOMException('blocked', 'SecurityError');
      };
      if (window.parent === window) return;
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
        Object.defineProperty(window, name, { get: refuse });
      }
      Object.defineProperty(document, 'cookie', { get: refuse, set: refuse });
      LockManager.prototype.request = () => Promise.reject(new DOMException('blocked', 'SecurityError'));
    });
    const page = await context.newPage();
    await page.goto(shop.url);
    await book(page.frameLocator('iframe'));
    await context.close();
  });

  it('messages from elsewhere change nothing', async () => {
    const { page, frame } = await visit(shop.url);
    await frame.locator('[data-start]').first().waitFor();
    await page.evaluate(() => {
      window.postMessage({ type: 'dispatch-hub.booked', booking: 'forged' }, '*');
      window.postMessage({ type: 'dispatch-hub.height', height: 5000 }, '*');
    });
    await book(frame);
    await page.waitForFunction(() => (globalThis as unknown as { heard: string[] }).heard.length > 0);
    expect(await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)).not.toContain(
      'forged',
    );
    expect(await heightOf(page)).toBeLessThan(5000);
    await page.context().close();
  });

  it('nothing is shown to a site that was not invited, nor any other page to anybody', async () => {
    const refused = async (url: string) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      const told = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
      await page.goto(url);
      await told;
      await context.close();
    };
    await refused(stranger.url);
    const framing = await site(await freePort(), () => `<iframe src="${server.url}/bookings"></iframe>`);
    await refused(framing.url);
    framing.server.close();
  });
});
