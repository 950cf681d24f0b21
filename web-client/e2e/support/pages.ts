/** The three people of the story, each in a browser of their own. */
import { type Browser, chromium as engine, type Page } from 'playwright-core';
import { PASSWORD } from './company';
import { chromium } from './processes';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  return engine.launch({ executablePath: chromium(), args: FLAGS });
}

export interface Watched {
  readonly page: Page;
  /** Errors that the page raised. */
  readonly errors: string[];
  /** Offsets of each channel, in the order in which they came. */
  readonly offsets: Map<string, number[]>;
}

export async function open(browser: Browser, width: number, height: number): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: 'en-GB',
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  return { page, errors, offsets: watchOffsets(page) };
}

export async function signIn(page: Page, url: string, email: string): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((at) => at.pathname !== '/sign-in');
}

/** Leaves a mark that only a page which was not reloaded still bears. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate(() => {
    (globalThis as { unreloaded?: boolean }).unreloaded = true;
  });
}

export function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => (globalThis as { unreloaded?: boolean }).unreloaded === true);
}

interface Publication {
  readonly offset?: number;
}
interface Frame {
  readonly id?: number;
  readonly push?: { readonly channel: string; readonly pub?: Publication };
  readonly subscribe?: {
    readonly offset?: number;
    readonly recovered?: boolean;
    readonly publications?: readonly Publication[];
  };
}

/** Notes what arrives: the offset of each snapshot or resumption, then those of the publications. */
function watchOffsets(page: Page): Map<string, number[]> {
  const offsets = new Map<string, number[]>();
  const note = (channel: string, offset: number | undefined) => {
    const known = offsets.get(channel) ?? [];
    offsets.set(channel, [...known, offset ?? 0]);
  };
  page.on('websocket', (socket) => {
    const asked = new Map<number, string>();
    socket.on('framesent', ({ payload }) => {
      for (const line of String(payload).split('\n')) {
        const command = JSON.parse(line) as { id?: number; subscribe?: { channel: string } };
        if (command.id !== undefined && command.subscribe !== undefined) {
          asked.set(command.id, command.subscribe.channel);
        }
      }
    });
    socket.on('framereceived', ({ payload }) => {
      for (const line of String(payload).split('\n')) {
        const frame = JSON.parse(line) as Frame;
        if (frame.push?.pub?.offset !== undefined) note(frame.push.channel, frame.push.pub.offset);
        const channel = asked.get(frame.id ?? 0);
        if (frame.subscribe === undefined || channel === undefined) continue;
        if (frame.subscribe.recovered !== true) offsets.set(channel, []);
        if (frame.subscribe.recovered !== true) note(channel, frame.subscribe.offset);
        for (const { offset } of frame.subscribe.publications ?? []) note(channel, offset);
      }
    });
  });
  return offsets;
}
