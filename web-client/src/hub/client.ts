/**
 * This page's end of the wire: one connection, the views it holds, and commands. Views are shared and
 * counted; one that nobody watches lingers a little, so that going back and forth costs nothing. Knows
 * no screen and no React.
 */
import { Centrifuge, State, UnauthorizedError } from 'centrifuge';
import type {
  CommandKind,
  CommandKinds,
  FocusReport,
  LocationReport,
  LockRequest,
  QueryAnswers,
  QueryKind,
  QueryKinds,
  UnlockRequest,
} from '../wire';
import type { ServerClock } from './clock';
import { type CommandTransport, runCommand } from './commands';
import { LagMeter } from './lag';
import { Observable } from './observable';
import { type Answered, type Outcome, type Position, readAnswer, readOutcome, refused } from './outcome';
import { type Session, SignedOut } from './session';
import { ChannelView } from './view';

/** How the connection stands. */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly rttMs: number | null }
  | { readonly kind: 'catching_up' }
  | { readonly kind: 'reconnecting'; readonly since: number }
  | { readonly kind: 'offline'; readonly since: number }
  /** The server does not want this connection back. */
  | { readonly kind: 'stopped'; readonly code: number; readonly reason: string };

/** Closes that say the token is good no more: invalid, expired for good, signed out. */
const TURNED_DOWN = new Set([1, 3500, 3501, 3503]);
const LINGER_MS = 10_000;
const PROBE_EVERY_MS = 15_000;

/** What is said without a receipt, by its wire name. */
export interface Tellings {
  readonly 'presence.focus': FocusReport;
  readonly 'presence.lock': LockRequest;
  readonly 'presence.unlock': UnlockRequest;
  readonly 'location.report': LocationReport;
}

interface Held {
  readonly view: ChannelView;
  watchers: number;
  lingering: ReturnType<typeof setTimeout> | null;
}

export interface HubOptions {
  readonly url: string;
  readonly session: Session;
  readonly clock: ServerClock;
  /** For places without a global WebSocket. */
  readonly websocket?: unknown;
}

export class HubClient {
  readonly link = new Observable<Link>({ kind: 'connecting' });
  /** How far messages were behind, and how long there were none. */
  readonly lag: LagMeter;
  private readonly held = new Map<string, Held>();
  private client: Centrifuge;
  private userId: string | null;
  private everConnected = false;
  private rttMs: number | null = null;
  private readonly probing: ReturnType<typeof setInterval>;

  constructor(private readonly options: HubOptions) {
    this.userId = options.session.user.value?.id ?? null;
    this.lag = new LagMeter(() => options.clock.local());
    this.client = this.prepare();
    this.client.connect();
    this.probing = setInterval(() => void this.probe(), PROBE_EVERY_MS);
    options.session.user.subscribe(() => this.identityChanged());
    if (typeof window !== 'undefined') {
      window.addEventListener('offline', () => this.describe());
      window.addEventListener('online', () => this.describe());
    }
  }

  /** Holds a channel's view open until released. */
  watch(channel: string): { readonly view: ChannelView; release(): void } {
    const held = this.held.get(channel) ?? this.open(channel);
    held.watchers += 1;
    if (held.lingering !== null) clearTimeout(held.lingering);
    held.lingering = null;
    let released = false;
    return {
      view: held.view,
      release: () => {
        if (released) return;
        released = true;
        this.release(channel, held);
      },
    };
  }

  /** The view of a channel that is held open; `null` where nobody watches it. */
  peek(channel: string): ChannelView | null {
    return this.held.get(channel)?.view ?? null;
  }

  /** The channels that are held open. */
  channels(): readonly ChannelView[] {
    return [...this.held.values()].map(({ view }) => view);
  }

  command<K extends CommandKind>(kind: K, parameters: CommandKinds[K]): Promise<Outcome> {
    return runCommand(this.transport(), kind, parameters);
  }

  /** Sends a command that was made before, under the id that it was made with. */
  repeat(id: string, kind: CommandKind, parameters: object): Promise<Outcome> {
    return runCommand(this.transport(), kind, parameters, id);
  }

  /** Asks something that changes nothing: once, and refused as `unavailable` where it did not get through. */
  async ask<K extends QueryKind>(kind: K, parameters: QueryKinds[K]): Promise<Answered<QueryAnswers[K]>> {
    const unheard = refused('unavailable', 'not connected');
    if (this.client.state !== State.Connected) return unheard;
    try {
      return readAnswer<QueryAnswers[K]>(await this.rpc(kind, parameters));
    } catch {
      return unheard;
    }
  }

  /** Tells something that leaves no trace: once, and `null` where it did not get through. */
  async tell<K extends keyof Tellings>(method: K, said: Tellings[K]): Promise<Outcome | null> {
    if (this.client.state !== State.Connected) return null;
    try {
      return readOutcome(await this.rpc(method, said));
    } catch {
      return null;
    }
  }

  /** Tries at once instead of waiting for the next turn. */
  retry(): void {
    if (this.client.state !== State.Connected) {
      this.client.disconnect();
      this.client.connect();
    }
  }

  /** Ends the connection for good. */
  close(): void {
    this.client.removeAllListeners();
    this.client.disconnect();
    clearInterval(this.probing);
  }

  private open(channel: string): Held {
    const view = new ChannelView(channel, (at) => this.heard(at));
    const held: Held = { view, watchers: 0, lingering: null };
    this.held.set(channel, held);
    view.state.subscribe(() => this.describe());
    view.attach(this.client);
    return held;
  }

  private heard(at: string): void {
    const { clock } = this.options;
    clock.observeMessage(at);
    this.lag.note(at, clock.now());
  }

  private release(channel: string, held: Held): void {
    held.watchers -= 1;
    if (held.watchers > 0) return;
    held.lingering = setTimeout(() => {
      held.view.detach();
      this.held.delete(channel);
      this.describe();
    }, LINGER_MS);
  }

  private prepare(): Centrifuge {
    const { session, url, websocket } = this.options;
    const client = new Centrifuge(url, {
      name: 'web',
      minReconnectDelay: 300,
      maxReconnectDelay: 8_000,
      ...(websocket === undefined ? {} : { websocket }),
      ...(this.userId === null ? {} : { getToken: () => accessToken(session) }),
    });
    client.on('state', () => this.describe());
    client.on('connected', () => {
      this.everConnected = true;
      void this.probe();
    });
    client.on('disconnected', ({ code, reason }) => {
      // 0 is our own disconnect, on the way to another connection.
      if (code === 0) return;
      this.link.set({ kind: 'stopped', code, reason });
      if (TURNED_DOWN.has(code)) void this.askWhoIAm();
    });
    return client;
  }

  /** Somebody else signed in or out: what only the former could see goes, open channels stay. */
  private identityChanged(): void {
    const userId = this.options.session.user.value?.id ?? null;
    if (userId === this.userId) return;
    this.userId = userId;
    for (const { view } of this.held.values()) {
      view.detach();
      if (!view.channel.startsWith('slots:')) view.forget();
    }
    this.client.removeAllListeners();
    this.client.disconnect();
    this.client = this.prepare();
    this.client.connect();
    for (const { view } of this.held.values()) view.attach(this.client);
  }

  /** Finds out whether the sign-in itself is over; if it is, the session says so to everybody. */
  private async askWhoIAm(): Promise<void> {
    const { session } = this.options;
    if (session.user.value === null) return;
    session.distrust();
    try {
      await session.accessToken();
      this.client.connect();
    } catch {
      // Either signed out, which the session has told, or unreachable, which the pill tells.
    }
  }

  private async rpc(method: string, data: unknown): Promise<unknown> {
    const sent = performance.now();
    const { data: reply } = await this.client.rpc(method, data);
    this.measured(performance.now() - sent);
    return reply;
  }

  /** Asks for the time, which tells the way there and back as well. */
  private async probe(): Promise<void> {
    if (this.client.state !== State.Connected) return;
    const { clock } = this.options;
    const [start, sent] = [performance.now(), clock.local()];
    try {
      const { data } = await this.client.rpc('clock.now', {});
      const at = Date.parse((data as { now?: string }).now ?? '');
      if (!Number.isNaN(at)) clock.observe({ earliest: at, latest: at + 1, sent, received: clock.local() });
      this.measured(performance.now() - start);
    } catch {
      // The connection's own checks notice when it is gone.
    }
  }

  private measured(rttMs: number): void {
    this.rttMs = Math.round(rttMs);
    this.describe();
  }

  private transport(): CommandTransport {
    return {
      ready: (timeoutMs) => this.client.ready(timeoutMs),
      rpc: (method, data) => this.rpc(method, data),
      settled: (positions, timeoutMs) => this.settled(positions, timeoutMs),
      now: () => this.options.clock.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    };
  }

  private settled(positions: Readonly<Record<string, Position>>, timeoutMs: number): Promise<void> {
    const waits = Object.entries(positions).map(([channel, position]) => {
      const view = this.held.get(channel)?.view;
      return view === undefined ? Promise.resolve() : passed(view, position);
    });
    const timeUp = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs));
    return Promise.race([Promise.all(waits).then(() => undefined), timeUp]);
  }

  private describe(): void {
    const next = this.currentLink();
    if (next !== null && !sameLink(next, this.link.value)) this.link.set(next);
  }

  private currentLink(): Link | null {
    const now = this.options.clock.now();
    const before = this.link.value;
    if (this.client.state === State.Disconnected) return null;
    if (this.client.state === State.Connecting) {
      const since = 'since' in before ? before.since : now;
      if (typeof navigator !== 'undefined' && navigator.onLine === false) return { kind: 'offline', since };
      return this.everConnected ? { kind: 'reconnecting', since } : { kind: 'connecting' };
    }
    const catching = [...this.held.values()].some(({ view }) => view.phase.kind === 'catching_up');
    return catching ? { kind: 'catching_up' } : { kind: 'live', rttMs: this.rttMs };
  }
}

async function accessToken(session: Session): Promise<string> {
  try {
    return await session.accessToken();
  } catch (error) {
    if (error instanceof SignedOut) throw new UnauthorizedError('signed out');
    throw error;
  }
}

function passed(view: ChannelView, position: Position): Promise<void> {
  return new Promise((resolve) => {
    const done = () => view.hasPassed(position) || view.phase.kind === 'closed';
    if (done()) {
      resolve();
      return;
    }
    const stops = [view.position, view.state].map((source) =>
      source.subscribe(() => {
        if (!done()) return;
        for (const stop of stops) stop();
        resolve();
      }),
    );
  });
}

function sameLink(a: Link, b: Link): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'live' && b.kind === 'live') return a.rttMs === b.rttMs;
  return true;
}
