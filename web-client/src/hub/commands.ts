/**
 * A command's trip as its sender sees it: one id for all tries, retried while the server says that
 * nothing was decided or says nothing at all, and done when this page shows what it did (people read
 * their own writes). Knows the transport only as two functions.
 */
import type { CommandKind } from '../wire';
import { isTemporary, type Outcome, type Position, readOutcome, refused } from './outcome';
import { uuid7 } from './uuid7';

export interface CommandTransport {
  /** Resolves when commands can be sent; rejects when the wait is over. */
  ready(timeoutMs: number): Promise<void>;
  /** Resolves with the reply's data; rejects with `{ code, message }`. */
  rpc(method: string, data: unknown): Promise<unknown>;
  /** Resolves when this page's own views have passed the positions, or the time is up. */
  settled(positions: Readonly<Record<string, Position>>, timeoutMs: number): Promise<void>;
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** How long a command is tried, and how long its effect is waited for. */
export const PATIENCE_MS = 15_000;
export const SETTLE_MS = 5_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3_000;

/** Protocol errors after which the same command may be sent again: internal, too many requests, and the
 * client's own timeouts and closed connections. */
const TEMPORARY_ERRORS = new Set([1, 2, 3, 4, 5, 11, 100, 111]);

export async function runCommand(
  transport: CommandTransport,
  kind: CommandKind,
  parameters: object,
  id: string = uuid7(transport.now()),
): Promise<Outcome> {
  const request = { ...parameters, command_id: id };
  const giveUpAt = transport.now() + PATIENCE_MS;
  for (let tries = 0; ; tries++) {
    const outcome = await attempt(transport, kind, request, giveUpAt - transport.now());
    if (!isTemporary(outcome)) {
      if (outcome.outcome === 'accepted') await transport.settled(outcome.positions, SETTLE_MS);
      return outcome;
    }
    const pause = outcome.details?.retry_after_ms ?? backoff(tries);
    if (transport.now() + pause >= giveUpAt) return outcome;
    await transport.sleep(pause);
  }
}

async function attempt(
  transport: CommandTransport,
  kind: string,
  request: object,
  timeoutMs: number,
): Promise<Outcome> {
  try {
    await transport.ready(Math.max(timeoutMs, 1));
    return readOutcome(await transport.rpc(kind, request));
  } catch (error) {
    return fromProtocolError(error);
  }
}

function fromProtocolError(error: unknown): Outcome {
  const { code, message } = readError(error);
  if (TEMPORARY_ERRORS.has(code)) return refused('unavailable', message);
  if (code === 101 || code === 109) return refused('unauthenticated', message);
  if (code === 103) return refused('forbidden', message);
  return refused('internal', `${message} (${code})`);
}

function readError(error: unknown): { code: number; message: string } {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number') {
    const message = 'message' in error && typeof error.message === 'string' ? error.message : 'error';
    return { code: error.code, message };
  }
  return { code: 0, message: error instanceof Error ? error.message : 'unknown error' };
}

function backoff(tries: number): number {
  const ceiling = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
