/** What the first visit to a page costs: bytes over the wire, when it first paints, how much it shifts. */
import type { Browser } from 'playwright-core';

/** A phone of the middle on a mobile network of the middle. */
const SLOW = { cpu: 4, bytesPerSecond: (9 * 1_000_000) / 8, latencyMs: 40 };

export interface FirstLoad {
  /** Of all answers, headers included. */
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly firstPaintMs: number;
  readonly largestPaintMs: number;
  /** Cumulative layout shift. */
  readonly shift: number;
}

export interface Visit {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly locale: string;
  /** On the slow phone, or as fast as it goes. */
  readonly slow: boolean;
  /** What is there once the page is useful. */
  readonly until: string;
  /** What the browser keeps of an earlier sign-in. */
  readonly kept?: Readonly<Record<string, string>>;
}

interface Seen {
  shift: number;
  largest: number;
}

export async function firstLoad(browser: Browser, visit: Visit): Promise<FirstLoad> {
  const { width, height, locale, slow, kept = {} } = visit;
  const context = await browser.newContext({ viewport: { width, height }, locale, serviceWorkers: 'block' });
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  const paths = new Map<string, string>();
  const files: { path: string; bytes: number }[] = [];
  wire.on('Network.requestWillBeSent', ({ requestId, request }) => {
    paths.set(requestId, new URL(request.url).pathname);
  });
  wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    // What the browser had already costs nothing.
    if (encodedDataLength > 0) files.push({ path: paths.get(requestId) ?? '', bytes: encodedDataLength });
  });
  await wire.send('Network.enable');
  if (slow) {
    const { cpu, bytesPerSecond, latencyMs } = SLOW;
    await wire.send('Emulation.setCPUThrottlingRate', { rate: cpu });
    await wire.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: latencyMs,
      downloadThroughput: bytesPerSecond,
      uploadThroughput: bytesPerSecond,
    });
  }
  await context.addInitScript((items) => {
    for (const [key, value] of Object.entries(items)) localStorage.setItem(key, value);
    const seen: Seen = { shift: 0, largest: 0 };
    (globalThis as { seen?: Seen }).seen = seen;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, hadRecentInput } = entry as PerformanceEntry & {
          value: number;
          hadRecentInput: boolean;
        };
        if (!hadRecentInput) seen.shift += value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((list) => {
      seen.largest = list.getEntries().at(-1)?.startTime ?? 0;
    }).observe({ type: 'largest-contentful-paint', buffered: true });
  }, kept);
  await page.goto(visit.url, { waitUntil: 'load' });
  await page.locator(visit.until).first().waitFor();
  await page.waitForLoadState('networkidle');
  const painted = await page.evaluate(() => {
    const { shift, largest } = (globalThis as unknown as { seen: Seen }).seen;
    const first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN;
    return { shift, largestPaintMs: largest, firstPaintMs: first };
  });
  await context.close();
  return { ...painted, files, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}
