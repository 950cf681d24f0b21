/**
 * A server small enough to read, for tests: it speaks the protocol's JSON to the real client library,
 * keeps channels as logs with snapshots, answers commands as the test says, and can be cut off. Only what
 * the client needs is here; the real server is what the browser tests run against.
 */
import { applyBody, applySlots, NO_ROWS, NO_SLOTS, type Rows, type Slots } from '../hub/reducer';
import type { Body, LiveBody, LiveRow, PresenceRow, Row, RowKey, SlotsBody } from '../wire';

interface Command {
  readonly id: number;
  readonly connect?: { readonly token?: string };
  readonly subscribe?: {
    readonly channel: string;
    readonly recover?: boolean;
    readonly offset?: number;
    readonly epoch?: string;
  };
  readonly unsubscribe?: { readonly channel: string };
  readonly rpc?: { readonly method: string; readonly data: Readonly<Record<string, unknown>> };
}

interface Channel {
  rows: Rows;
  slots: Slots;
  readonly log: (Body | SlotsBody)[];
}

export type Answer = (method: string, data: Readonly<Record<string, unknown>>) => unknown;

const EPOCH = 'test';

export class FakeServer {
  readonly calls: { readonly method: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
  readonly tokens: string[] = [];
  private readonly channels = new Map<string, Channel>();
  private readonly sockets = new Set<FakeSocket>();
  private reachable = true;
  /** What was said without a receipt. */
  readonly tellings: { readonly method: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
  /** Of channels without a log. */
  private readonly live = new Map<string, readonly LiveRow[]>();
  private readonly barred = new Set<string>();
  private silent = false;
  private answer: Answer = () => ({ outcome: 'accepted', result: {}, positions: {} });

  /** Where a job may go; not answered unless a test says so. */
  targets: (asked: Readonly<Record<string, unknown>>) => unknown = () => ({
    outcome: 'refused',
    code: 'unavailable',
    message: '',
    details: {},
  });

  /** The constructor to hand to the client in place of the browser's. */
  readonly WebSocket = socketClass(this);

  onCommand(answer: Answer): void {
    this.answer = answer;
  }

  /** Publishes rows, to be set or unset; returns the position reached. */
  publish(channel: string, set: readonly Row[], unset: readonly RowKey[] = []) {
    const body: Body = { at: new Date().toISOString(), set: [...set], unset: [...unset] };
    const kept = this.channel(channel);
    kept.rows = applyBody(kept.rows, body);
    return this.append(channel, kept, body);
  }

  publishSlots(channel: string, free: SlotsBody['free']) {
    const body: SlotsBody = { at: new Date().toISOString(), free };
    const kept = this.channel(channel);
    kept.slots = applySlots(kept.slots, body);
    return this.append(channel, kept, body);
  }

  /** Tells who is in a zone. */
  publishPresence(row: PresenceRow): void {
    this.publishLive(`presence:${row.id}`, [{ kind: 'presence', ...row }]);
  }

  /** Publishes what a channel without a log holds. */
  publishLive(name: string, rows: readonly LiveRow[]): void {
    this.live.set(name, rows);
    for (const socket of this.sockets) {
      if (socket.channels.has(name)) socket.push({ push: { channel: name, pub: { data: live(rows) } } });
    }
  }

  /** Lets nobody read a channel. */
  close(channel: string): void {
    this.barred.add(channel);
  }

  /** Cuts every connection, lets everybody back, and brings nobody up to date. */
  stall(): void {
    this.silent = true;
    for (const socket of [...this.sockets]) socket.end(1006, 'cut');
  }

  /** Cuts every connection; new ones fail until `restore`. */
  cut(): void {
    this.reachable = false;
    for (const socket of [...this.sockets]) socket.end(1006, 'cut');
  }

  restore(): void {
    this.reachable = true;
  }

  opened(socket: FakeSocket): void {
    if (!this.reachable) {
      socket.end(1006, 'unreachable');
      return;
    }
    this.sockets.add(socket);
    socket.open();
  }

  closed(socket: FakeSocket): void {
    this.sockets.delete(socket);
  }

  received(socket: FakeSocket, frame: string): void {
    for (const line of frame.split('\n')) {
      if (line === '' || line === '{}') continue;
      const command = JSON.parse(line) as Command;
      const reply = this.handle(socket, command);
      if (reply !== null) socket.push({ id: command.id, ...reply });
    }
  }

  private handle(socket: FakeSocket, command: Command): object | null {
    if (command.connect !== undefined) {
      this.tokens.push(command.connect.token ?? '');
      return { connect: { client: 'c', version: 'test', ping: 25, pong: true } };
    }
    if (command.subscribe !== undefined) {
      if (this.silent) return null;
      if (this.barred.has(command.subscribe.channel))
        return { error: { code: 103, message: 'permission denied' } };
      return { subscribe: this.subscribe(socket, command.subscribe) };
    }
    if (command.unsubscribe !== undefined) {
      socket.channels.delete(command.unsubscribe.channel);
      return { unsubscribe: {} };
    }
    if (command.rpc !== undefined) {
      const { method, data } = command.rpc;
      if (method === 'job.targets') return { rpc: { data: this.targets(data) } };
      if (method === 'clock.now') return { error: { code: 104, message: 'method not found' } };
      const kept = method.startsWith('presence.') ? this.tellings : this.calls;
      kept.push({ method, data });
      return { rpc: { data: this.answer(method, data) } };
    }
    return null;
  }

  private subscribe(socket: FakeSocket, wish: NonNullable<Command['subscribe']>) {
    socket.channels.add(wish.channel);
    if (isLive(wish.channel)) return { data: live(this.live.get(wish.channel) ?? []) };
    const kept = this.channel(wish.channel);
    const position = { recoverable: true, positioned: true, epoch: EPOCH };
    if (wish.recover === true && wish.epoch === EPOCH) {
      const offset = wish.offset ?? 0;
      const publications = kept.log.slice(offset).map((data, i) => ({ data, offset: offset + i + 1 }));
      return { ...position, offset, recovered: true, was_recovering: true, publications };
    }
    const at = new Date().toISOString();
    const data = wish.channel.startsWith('slots:')
      ? { at, free: freeOf(kept.slots) }
      : { at, set: Object.values(kept.rows).flatMap((rows) => [...rows.values()]), unset: [] };
    return { ...position, offset: kept.log.length, data };
  }

  private append(name: string, channel: Channel, body: Body | SlotsBody) {
    channel.log.push(body);
    const offset = channel.log.length;
    for (const socket of this.sockets) {
      if (socket.channels.has(name)) socket.push({ push: { channel: name, pub: { data: body, offset } } });
    }
    return { [name]: { offset, epoch: EPOCH } };
  }

  private channel(name: string): Channel {
    const known = this.channels.get(name) ?? { rows: NO_ROWS, slots: NO_SLOTS, log: [] };
    this.channels.set(name, known);
    return known;
  }
}

function isLive(channel: string): boolean {
  return channel === 'ops' || /^(presence|positions|track):/.test(channel);
}

function live(set: readonly LiveRow[]): LiveBody {
  return { at: new Date().toISOString(), set: [...set], unset: [] };
}

function freeOf(slots: Slots): SlotsBody['free'] {
  return [...slots].flatMap(([service, starts]) =>
    [...starts].map(([start, by]) => ({ service, start: new Date(start).toISOString(), by })),
  );
}

interface FakeSocket {
  readonly channels: Set<string>;
  open(): void;
  push(message: object): void;
  end(code: number, reason: string): void;
}

function socketClass(server: FakeServer) {
  return class implements FakeSocket {
    readonly channels = new Set<string>();
    readyState = 0;
    binaryType = 'blob';
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: string }) => void) | null = null;
    onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null;
    onerror: ((event: unknown) => void) | null = null;

    constructor() {
      setTimeout(() => server.opened(this), 0);
    }

    open(): void {
      this.readyState = 1;
      this.onopen?.();
    }

    send(frame: string): void {
      setTimeout(() => server.received(this, frame), 0);
    }

    push(message: object): void {
      if (this.readyState === 1) this.onmessage?.({ data: JSON.stringify(message) });
    }

    close(code = 1000, reason = ''): void {
      this.end(code, reason);
    }

    end(code: number, reason: string): void {
      if (this.readyState === 3) return;
      this.readyState = 3;
      server.closed(this);
      this.onclose?.({ code, reason, wasClean: false });
    }
  };
}
