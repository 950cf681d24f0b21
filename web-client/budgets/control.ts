/** The control room under load: what 200 cleaners and 900 jobs cost while changes pour in. */
import { readFileSync } from 'node:fs';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { Day } from './day';
import { Feed, USER } from './feed';
import type { Figure } from './figures';

const WARM_MS = 3_000;
const RUN_MS = 10_000;
const SCROLL_MS = 6_000;
const PROBE_EVERY_MS = 200;
/** Ticks of a thread's time in /proc. */
const TICKS_PER_SECOND = 100;

/** What the page notes of itself. */
interface Notes {
  frames: number;
  longest: number;
  snapshotAt: number;
  shownAt: number;
  probes: Record<string, number>;
}

interface Opened {
  readonly page: Page;
  readonly wire: CDPSession;
  readonly feed: Feed;
  readonly day: Day;
  close(): Promise<void>;
}

async function open(browser: Browser, dist: string, jobs: number, query = ''): Promise<Opened> {
  const day = new Day(new Date().toISOString().slice(0, 10), 200, jobs);
  const feed = new Feed(day, dist);
  const url = await feed.start();
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    serviceWorkers: 'block',
  });
  await context.addInitScript(takeNotes, JSON.stringify({ refresh_token: 'r', user: USER }));
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  await page.goto(`${url}/control${query}`);
  await page.locator('[data-cleaner] [data-job]').first().waitFor();
  return {
    page,
    wire,
    feed,
    day,
    close: async () => {
      await context.close();
      await feed.stop();
    },
  };
}

/** Runs in the page, before anything of it. */
function takeNotes(kept: string): void {
  localStorage.setItem('dispatch-hub.session.staff', kept);
  localStorage.setItem('dispatch-hub.language', 'en');
  const notes: Notes = { frames: 0, longest: 0, snapshotAt: 0, shownAt: 0, probes: {} };
  (globalThis as unknown as { notes: Notes }).notes = notes;
  const dispatch = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
  if (dispatch?.set !== undefined) {
    const set = dispatch.set;
    Object.defineProperty(WebSocket.prototype, 'onmessage', {
      ...dispatch,
      set(listener: (event: MessageEvent) => void) {
        set.call(this, (event: MessageEvent) => {
          if (notes.snapshotAt === 0 && String(event.data).length > 50_000)
            notes.snapshotAt = performance.now();
          listener.call(this, event);
        });
      },
    });
  }
  const frame = () => {
    notes.frames += 1;
    if (notes.shownAt === 0 && document.querySelector('[data-cleaner] [data-job]') !== null) {
      // What is in the page now is painted before the next frame.
      requestAnimationFrame(() => {
        notes.shownAt = performance.now();
      });
      notes.shownAt = Number.POSITIVE_INFINITY;
    }
    const probe = /probe-\d+/.exec(document.querySelector('[data-job="1001"]')?.textContent ?? '');
    if (probe !== null) notes.probes[probe[0]] ??= Date.now();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) notes.longest = Math.max(notes.longest, task.duration);
  }).observe({ type: 'longtask' });
}

const notesOf = (page: Page): Promise<Notes> =>
  page.evaluate(() => (globalThis as unknown as { notes: Notes }).notes);

const forgetLongest = (page: Page): Promise<void> =>
  page.evaluate(() => {
    (globalThis as unknown as { notes: Notes }).notes.longest = 0;
  });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The page's main thread; its process is told apart by what it has used since. */
async function mainThread(browser: Browser): Promise<number> {
  const wire = await browser.newBrowserCDPSession();
  const { processInfo } = await wire.send('SystemInfo.getProcessInfo');
  await wire.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const busiest = renderers.sort((a, b) => b.cpuTime - a.cpuTime)[0];
  if (busiest === undefined) throw new Error('the browser has no page');
  return busiest.id;
}

/** Seconds that a process's first thread has used, by the kernel's ticks: they hold however busy the
 * machine is with other things. */
function threadSeconds(id: number): number {
  const stat = readFileSync(`/proc/${id}/task/${id}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

interface Load {
  readonly framesPerSecond: number;
  readonly share: number;
  readonly longest: number;
}

async function underLoad(browser: Browser, { page }: Opened, load: () => Promise<unknown>): Promise<Load> {
  const thread = await mainThread(browser);
  await forgetLongest(page);
  const [before, used, started] = [await notesOf(page), threadSeconds(thread), performance.now()];
  await load();
  const seconds = (performance.now() - started) / 1000;
  const share = (threadSeconds(thread) - used) / seconds;
  const after = await notesOf(page);
  return {
    framesPerSecond: (after.frames - before.frames) / seconds,
    share: share * 100,
    longest: after.longest,
  };
}

async function firstRender(browser: Browser, dist: string): Promise<Figure[]> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const opened = await open(browser, dist, 300);
    await opened.page.waitForFunction(() => {
      const { shownAt } = (globalThis as unknown as { notes: Notes }).notes;
      return shownAt > 0 && shownAt < Number.POSITIVE_INFINITY;
    });
    const { snapshotAt, shownAt } = await notesOf(opened.page);
    times.push(shownAt - snapshotAt);
    await opened.close();
  }
  const median = times.sort((a, b) => a - b)[2] ?? Number.NaN;
  return [
    {
      what: 'first render, 200 cleaners and 300 jobs, from the snapshot’s arrival (median of 5)',
      measured: median,
      unit: 'ms',
      wanted: { is: 'at most', value: 300 },
    },
  ];
}

async function steady(browser: Browser, dist: string, query: string, name: string): Promise<Figure[]> {
  const opened = await open(browser, dist, 900, query);
  await opened.feed.run(500, WARM_MS);
  const calm = await underLoad(browser, opened, () => pause(WARM_MS));
  const load = await underLoad(browser, opened, () => opened.feed.run(500, RUN_MS));
  const scrolled = await underLoad(browser, opened, () =>
    Promise.all([opened.feed.run(500, SCROLL_MS), scroll(opened.page)]),
  );
  await opened.close();
  return [
    { what: `${name}, nothing changes: main thread`, measured: calm.share, unit: '%' },
    {
      what: `${name}, 500 changes/s: main thread`,
      measured: load.share,
      unit: '%',
      wanted: { is: 'at most', value: 35 },
    },
    {
      what: `${name}, 500 changes/s`,
      measured: load.framesPerSecond,
      unit: 'frames/s',
      wanted: { is: 'at least', value: 58 },
    },
    {
      what: `${name}, 500 changes/s: longest task`,
      measured: load.longest,
      unit: 'ms',
      wanted: { is: 'at most', value: 50 },
    },
    {
      what: `${name}, 500 changes/s while scrolling`,
      measured: scrolled.framesPerSecond,
      unit: 'frames/s',
      wanted: { is: 'at least', value: 55 },
    },
    { what: `${name}, 500 changes/s while scrolling: main thread`, measured: scrolled.share, unit: '%' },
  ];
}

/** Up and down through all rows, as a wheel does. */
function scroll(page: Page): Promise<void> {
  return page.evaluate(
    (ms) =>
      new Promise<void>((resolve) => {
        const scroller = document.querySelector('[data-timeline]');
        const until = performance.now() + ms;
        let by = 24;
        const step = () => {
          if (scroller === null || performance.now() > until) return resolve();
          const before = scroller.scrollTop;
          scroller.scrollTop += by;
          if (scroller.scrollTop === before) by = -by;
          requestAnimationFrame(step);
        };
        step();
      }),
    SCROLL_MS,
  );
}

async function burst(browser: Browser, dist: string): Promise<Figure[]> {
  const opened = await open(browser, dist, 900);
  const { page, feed, day } = opened;
  await feed.run(500, WARM_MS);
  const sent = new Map<string, number>();
  let number = 0;
  const probe = () => {
    const name = `probe-${++number}`;
    sent.set(name, Date.now());
    feed.publish([day.probe(name)]);
  };
  const probing = setInterval(probe, PROBE_EVERY_MS);
  const load = await underLoad(browser, opened, () => feed.run(2_000, RUN_MS));
  const during = number;
  await pause(2_000);
  clearInterval(probing);
  await pause(1_000);
  const { probes } = await notesOf(page);
  const lag = (from: number, to: number) => {
    const lags = [...sent]
      .slice(from, to)
      .flatMap(([name, at]) => (probes[name] === undefined ? [] : [probes[name] - at]));
    return lags.length === 0 ? Number.NaN : Math.max(...lags);
  };
  const last = lag(number - 2, number);
  await opened.close();
  return [
    { what: '2,000 changes/s for 10 s: main thread', measured: load.share, unit: '%' },
    { what: '2,000 changes/s for 10 s', measured: load.framesPerSecond, unit: 'frames/s' },
    { what: '2,000 changes/s for 10 s: furthest behind', measured: lag(0, during), unit: 'ms' },
    {
      what: '2 s after 2,000 changes/s: behind by',
      measured: last,
      unit: 'ms',
      wanted: { is: 'at most', value: 500 },
    },
  ];
}

async function heap(browser: Browser, dist: string, minutes: number): Promise<Figure[]> {
  const opened = await open(browser, dist, 900);
  const { feed, wire } = opened;
  const used = async () => {
    for (let i = 0; i < 3; i++) await wire.send('HeapProfiler.collectGarbage');
    const { usedSize } = await wire.send('Runtime.getHeapUsage');
    return usedSize / 1_000_000;
  };
  await feed.run(500, 20_000);
  const before = await used();
  await feed.run(500, minutes * 60_000);
  const after = await used();
  await opened.close();
  return [
    { what: 'heap after the first 20 s', measured: before, unit: 'MB' },
    {
      what: `growth of the heap in ${minutes} min at 500 changes/s`,
      measured: after - before,
      unit: 'MB',
      wanted: { is: 'at most', value: 10 },
    },
  ];
}

export async function controlRoom(browser: Browser, dist: string, heapMinutes: number): Promise<Figure[]> {
  return [
    ...(await firstRender(browser, dist)),
    ...(await steady(browser, dist, '', 'day of 200 × 900')),
    ...(await steady(browser, dist, '?days=3', 'the same in the three-day view')),
    ...(await burst(browser, dist)),
    ...(heapMinutes > 0 ? await heap(browser, dist, heapMinutes) : []),
  ];
}
