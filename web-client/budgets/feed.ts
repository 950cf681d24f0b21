/**
 * A server of the measurements' own: serves the built client and speaks as much of the hub's JSON protocol
 * as the control room needs, so that changes come at exactly the rate that is wanted and nothing but the page
 * is measured. The client is the one that customers get, byte for byte.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import type { Row } from '../src/wire';
import { type Day, SERVICE, ZONE } from './day';

const MIME: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};
const EPOCH = 'budgets';
export const USER = { id: '019a0000-0009-7000-8000-000000000001', role: 'dispatcher', name: 'Marta Lang' };
const SOMEBODY = '019a0000-0009-7000-8000-000000000002';

interface Command {
  readonly id?: number;
  readonly connect?: object;
  readonly subscribe?: { readonly channel: string };
  readonly unsubscribe?: object;
  readonly rpc?: { readonly method: string };
}

export class Feed {
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();
  private readonly channel: string;
  private offset = 0;

  constructor(
    private readonly day: Day,
    private readonly dist: string,
  ) {
    this.channel = `control:center:${day.date}`;
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.on('upgrade', (request, socket) => this.open(request, socket));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Publishes changes evenly at a rate for a while; resolves with how many. */
  run(perSecond: number, ms: number): Promise<number> {
    const started = performance.now();
    let sent = 0;
    return new Promise((resolve) => {
      const tick = setInterval(() => {
        const elapsed = Math.min(performance.now() - started, ms);
        const due = Math.floor((elapsed / 1000) * perSecond);
        this.publish(Array.from({ length: due - sent }, () => this.day.change()));
        sent = due;
        if (elapsed < ms) return;
        clearInterval(tick);
        resolve(sent);
      }, 4);
    });
  }

  publish(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const at = new Date().toISOString();
    const pushes = rows.map((row) => {
      this.offset += 1;
      const data = { at, by: SOMEBODY, command_id: EPOCH, set: [row], unset: [] };
      return JSON.stringify({ push: { channel: this.channel, pub: { data, offset: this.offset } } });
    });
    // As the hub does: whatever waits for a reader goes in one message.
    for (const socket of this.sockets) socket.write(textFrame(pushes.join('\n')));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const json = (body: unknown) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const fixed = answerOf(pathname);
    if (fixed !== null) {
      json(fixed);
      return;
    }
    if (pathname.startsWith('/api/')) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"code":"not_found"}');
      return;
    }
    const file = path.join(this.dist, path.normalize(pathname));
    const found = path.extname(file) !== '' && existsSync(file) ? file : path.join(this.dist, 'index.html');
    const type = MIME[path.extname(found)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(readFileSync(found));
  }

  private open(request: IncomingMessage, socket: Duplex): void {
    const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    this.sockets.add(socket);
    const forget = () => this.sockets.delete(socket);
    socket.on('close', forget).on('error', forget);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      const { texts, left } = readFrames(Buffer.concat([rest, bytes]));
      rest = left;
      for (const text of texts) this.heard(socket, text);
    });
  }

  private heard(socket: Duplex, text: string): void {
    const replies = text.split('\n').flatMap((line) => {
      if (line === '' || line === '{}') return [];
      const command = JSON.parse(line) as Command;
      return command.id === undefined ? [] : [JSON.stringify({ id: command.id, ...this.reply(command) })];
    });
    if (replies.length > 0) socket.write(textFrame(replies.join('\n')));
  }

  private reply(command: Command): object {
    if (command.connect !== undefined) {
      return { connect: { client: 'c', version: 'budgets', ping: 25, pong: true } };
    }
    if (command.subscribe?.channel === this.channel) {
      const data = { at: new Date().toISOString(), set: this.day.rows(), unset: [] };
      const position = { recoverable: true, positioned: true, epoch: EPOCH, offset: this.offset };
      return { subscribe: { ...position, data } };
    }
    if (command.subscribe !== undefined) {
      return { subscribe: { data: { at: new Date().toISOString(), set: [], unset: [] } } };
    }
    if (command.rpc?.method === 'clock.now') return { rpc: { data: { now: new Date().toISOString() } } };
    if (command.rpc !== undefined) {
      return { rpc: { data: { outcome: 'refused', code: 'unavailable', message: '', details: {} } } };
    }
    return { unsubscribe: {} };
  }
}

function answerOf(pathname: string): object | null {
  if (pathname === '/api/v1/zones') return [ZONE];
  if (pathname === '/api/v1/services') return [SERVICE];
  if (!pathname.startsWith('/api/v1/sessions')) return null;
  return { access_token: 'a', expires_in: 3600, refresh_token: 'r', user: USER };
}

/** A whole text message, unmasked, as servers send them. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x81, length]), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** The whole text messages in what a browser has sent; browsers mask them and split none so short. */
function readFrames(bytes: Buffer): { texts: string[]; left: Buffer } {
  const texts: string[] = [];
  let at = 0;
  while (bytes.length - at >= 6) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (bytes.length - at < 6 + wide) break;
    const length =
      wide === 0 ? short : wide === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const start = at + 6 + wide;
    if (bytes.length < start + length) break;
    const mask = bytes.subarray(start - 4, start);
    const payload = Buffer.from(bytes.subarray(start, start + length));
    for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0);
    if (((bytes[at] ?? 0) & 0x0f) === 1) texts.push(payload.toString());
    at = start + length;
  }
  return { texts, left: bytes.subarray(at) };
}
