/**
 * Carries the outbox to the server: one action at a time, in order, by one tab at a time, again and again
 * under the same id until it is decided. Exactly once is the server's part (its receipts); never forgetting
 * and never making a second id is this one's.
 */

import type { Fate } from '../wire';
import type { Keep } from './keep';
import { Observable } from './observable';
import {
  type Action,
  dismissed,
  type Entry,
  explained,
  head,
  isWaiting,
  lostJob,
  nextOrder,
  type Outbox,
  ordered,
  pruned,
  queued,
  settled,
} from './outbox';
import type { Outcome } from './outcome';
import { uuid7 } from './uuid7';

export interface CourierWorld {
  readonly account: string;
  readonly keep: Keep;
  /** Whether trying makes sense at all. */
  readonly connected: () => boolean;
  readonly send: (entry: Entry) => Promise<Outcome>;
  /** What became of a job that is not theirs any more. */
  readonly fateOf: (job: string) => Promise<Fate | null>;
  readonly now: () => number;
  /** Runs the task when no other tab runs one. */
  readonly inTurn: <T>(task: () => Promise<T>) => Promise<T>;
  /** Tells the other tabs that something has changed. */
  readonly tellTabs: () => void;
  readonly later: (task: () => void, ms: number) => void;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

export class Courier {
  readonly outbox = new Observable<Outbox>([]);
  /** False where the browser keeps nothing: what is not sent goes with the page. */
  readonly durable = new Observable(true);
  /** Not written down yet, or never to be. */
  private readonly unsaved = new Set<string>();
  private running: Promise<void> | null = null;
  private again = false;
  private failures = 0;
  private closed = false;

  constructor(private readonly world: CourierWorld) {}

  /** Takes up what was left over. */
  async start(): Promise<void> {
    await this.reload();
    await this.drain();
  }

  /** Queues an action; it counts from now on. */
  async add(action: Action, number: number | null): Promise<void> {
    const { account, now } = this.world;
    const madeAt = now();
    const entry: Entry = {
      id: uuid7(madeAt),
      account,
      action,
      number,
      order: nextOrder(this.outbox.value),
      madeAt,
      standing: { kind: 'waiting', tries: 0 },
    };
    this.unsaved.add(entry.id);
    await this.change((outbox) => queued(outbox, entry));
    await this.drain();
  }

  dismiss(ids: readonly string[]): Promise<void> {
    return this.change((outbox) => dismissed(outbox, ids));
  }

  /** Another tab has changed something. */
  async reload(): Promise<void> {
    let kept: readonly Entry[];
    try {
      kept = await this.world.keep.entries(this.world.account);
    } catch {
      this.durable.set(false);
      return;
    }
    if (this.closed) return;
    const known = new Set(kept.map(({ id }) => id));
    const own = this.outbox.value.filter(({ id }) => this.unsaved.has(id) && !known.has(id));
    this.outbox.set(pruned(ordered([...kept, ...own]), this.world.now()));
  }

  /** Sends what waits, as far as it goes. */
  drain(): Promise<void> {
    if (this.running !== null) {
      this.again = true;
      return this.running;
    }
    this.running = this.run().finally(() => {
      this.running = null;
      if (!this.again || this.closed) return;
      this.again = false;
      void this.drain();
    });
    return this.running;
  }

  /** Sends nothing any more, and says nothing. */
  close(): void {
    this.closed = true;
    this.outbox.set([]);
  }

  private async run(): Promise<void> {
    if (!this.mayGoOn()) return;
    await this.world.inTurn(async () => {
      // Another tab may have sent them while this one waited for its turn.
      await this.reload();
      while (this.mayGoOn()) {
        const entry = head(this.outbox.value);
        if (entry === null || !(await this.carry(entry))) return;
      }
    });
  }

  private mayGoOn(): boolean {
    return !this.closed && this.world.connected() && this.outbox.value.some(isWaiting);
  }

  /** Whether it was decided. */
  private async carry(entry: Entry): Promise<boolean> {
    const outcome = await this.world.send(entry);
    if (this.closed) return false;
    await this.change((outbox) => settled(outbox, entry.id, outcome, this.world.now()));
    const after = this.outbox.value.find(({ id }) => id === entry.id);
    if (after === undefined || !isWaiting(after)) {
      this.failures = 0;
      if (after !== undefined) await this.explain(after);
      return true;
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.failures++, LONGEST_PAUSE_MS);
    this.world.later(() => void this.drain(), pause);
    return false;
  }

  /** Asks what became of a job that was lost meanwhile. */
  private async explain(entry: Entry): Promise<void> {
    const job = lostJob(entry);
    const fate = job === null ? null : await this.world.fateOf(job);
    if (fate !== null && !this.closed) await this.change((outbox) => explained(outbox, entry.id, fate));
  }

  private async change(how: (outbox: Outbox) => Outbox): Promise<void> {
    const before = this.outbox.value;
    const after = pruned(how(before), this.world.now());
    this.outbox.set(after);
    const known = new Set(before);
    const put = after.filter((entry) => !known.has(entry));
    const left = new Set(after.map(({ id }) => id));
    const gone = before.filter(({ id }) => !left.has(id)).map(({ id }) => id);
    if (put.length === 0 && gone.length === 0) return;
    try {
      await this.world.keep.changeEntries(put, gone);
      for (const { id } of put) this.unsaved.delete(id);
    } catch {
      // It is sent from memory all the same.
      for (const { id } of put) this.unsaved.add(id);
      this.durable.set(false);
    }
    this.world.tellTabs();
  }
}
