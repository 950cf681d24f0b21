import { describe, expect, it } from 'vitest';
import { JOB } from '../testing/actions';
import type { Fate } from '../wire';
import { Courier, type CourierWorld } from './courier';
import { type Keep, PageKeep } from './keep';
import type { Action, Entry } from './outbox';
import { type Outcome, refused } from './outcome';

const YES: Outcome = { outcome: 'accepted', result: {}, positions: {} };
const DEPART: Action = { kind: 'job.depart', parameters: { job: JOB } };
const ARRIVE: Action = { kind: 'job.arrive', parameters: { job: JOB } };

/** A server with receipts: an id is executed once, and answered as often as it is asked. */
class Receipts {
  readonly executed: string[] = [];
  readonly heard: string[] = [];
  private readonly known = new Map<string, Outcome>();
  /** What it says no to. */
  readonly refuses = new Map<string, Outcome>();
  /** Executed, but the answer is lost so many times. */
  lost = 0;

  answer({ id, action }: Entry): Outcome {
    this.heard.push(id);
    const no = this.refuses.get(action.kind);
    if (no !== undefined) return no;
    if (!this.known.has(id)) {
      this.executed.push(action.kind);
      this.known.set(id, YES);
    }
    if (this.lost-- > 0) return refused('unavailable', 'no answer');
    return this.known.get(id) ?? YES;
  }
}

/** Tabs of one browser: they share what is kept, take turns and hear of each other. */
class Browser {
  online = false;
  readonly tabs: Courier[] = [];
  readonly due: (() => void)[] = [];
  readonly fates = new Map<string, Fate>();
  private turn: Promise<unknown> = Promise.resolve();
  private at = Date.parse('2026-11-20T10:00:00Z');

  constructor(
    readonly server: Receipts,
    readonly keep: Keep = new PageKeep(),
  ) {}

  async open(): Promise<Courier> {
    const world: CourierWorld = {
      account: 'anna',
      keep: this.keep,
      connected: () => this.online,
      send: async (entry) => this.server.answer(entry),
      fateOf: async (job) => this.fates.get(job) ?? null,
      now: () => this.at++,
      inTurn: (task) => {
        const mine = this.turn.then(task);
        this.turn = mine.catch(() => undefined);
        return mine;
      },
      tellTabs: () => {
        for (const other of this.tabs) if (other !== tab) void other.reload();
      },
      later: (task) => void this.due.push(task),
    };
    const tab: Courier = new Courier(world);
    this.tabs.push(tab);
    await tab.start();
    return tab;
  }
}

const kinds = ({ outbox }: Courier) =>
  outbox.value.map(({ action, standing }) => [action.kind, standing.kind]);

describe('the courier', () => {
  it('keeps actions over a reload without a network, and sends them in order when it is back', async () => {
    const server = new Receipts();
    const browser = new Browser(server);
    const before = await browser.open();
    await before.add(DEPART, 1001);
    await before.add(ARRIVE, 1001);
    before.close();
    const after = await browser.open();
    expect(kinds(after)).toEqual([
      ['job.depart', 'waiting'],
      ['job.arrive', 'waiting'],
    ]);
    expect(server.heard).toEqual([]);
    browser.online = true;
    await after.drain();
    expect(server.executed).toEqual(['job.depart', 'job.arrive']);
    expect(kinds(after).map(([, standing]) => standing)).toEqual(['done', 'done']);
  });

  it('asks again under the same id when an answer was lost, so that it happens once', async () => {
    const server = new Receipts();
    server.lost = 2;
    const browser = new Browser(server);
    browser.online = true;
    const tab = await browser.open();
    await tab.add(DEPART, 1001);
    expect(kinds(tab)).toEqual([['job.depart', 'waiting']]);
    for (let tries = 0; tries < 2; tries++) {
      for (const task of browser.due.splice(0)) task();
      await tab.drain();
    }
    expect(server.executed).toEqual(['job.depart']);
    expect(new Set(server.heard).size).toBe(1);
    expect(kinds(tab)).toEqual([['job.depart', 'done']]);
  });

  it('lets one of several tabs send, and the others see it', async () => {
    const server = new Receipts();
    const browser = new Browser(server);
    const [one, two] = [await browser.open(), await browser.open()];
    await one.add(DEPART, 1001);
    await two.add(ARRIVE, 1001);
    browser.online = true;
    await Promise.all([one.drain(), two.drain()]);
    expect(server.heard).toHaveLength(2);
    expect(server.executed).toEqual(['job.depart', 'job.arrive']);
    await two.reload();
    expect(kinds(two).map(([, standing]) => standing)).toEqual(['done', 'done']);
  });

  it('finds out what became of a job that was lost meanwhile', async () => {
    const server = new Receipts();
    server.refuses.set('job.depart', refused('not_found', ''));
    const browser = new Browser(server);
    const fate: Fate = { job: JOB, parted: 'given_to_another', at: '2026-11-20T10:10:00Z', to: 'Olga' };
    browser.fates.set(JOB, fate);
    const tab = await browser.open();
    await tab.add(DEPART, 1001);
    await tab.add(ARRIVE, 1001);
    browser.online = true;
    await tab.drain();
    expect(tab.outbox.value.map(({ standing }) => standing)).toMatchObject([
      { kind: 'failed', fate },
      { kind: 'dropped', because: 'job.depart' },
    ]);
    expect(server.executed).toEqual([]);
    await tab.dismiss(tab.outbox.value.map(({ id }) => id));
    expect(await browser.keep.entries('anna')).toEqual([]);
  });

  it('sends from memory where the browser keeps nothing, and says so', async () => {
    const server = new Receipts();
    const keep = new PageKeep();
    keep.changeEntries = () => Promise.reject(new Error('no room'));
    const browser = new Browser(server, keep);
    const tab = await browser.open();
    await tab.add(DEPART, 1001);
    expect(tab.durable.value).toBe(false);
    expect(kinds(tab)).toEqual([['job.depart', 'waiting']]);
    browser.online = true;
    await tab.drain();
    expect(server.executed).toEqual(['job.depart']);
    expect(kinds(tab)).toEqual([['job.depart', 'done']]);
  });
});
