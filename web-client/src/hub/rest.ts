/** Plain HTTP: sign-in, catalogs, lists, and what is too large for a socket's message. Every answer also
 * tells what time the server has. */
import type { ServerClock } from './clock';

/** An answer that is not a success, as problem+json words it. Status 0: no answer at all. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** What the server says beside the code. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 10_000;
/** Files take their time, on the way and at the server. */
const UPLOAD_TIMEOUT_MS = 60_000;

export class Rest {
  constructor(
    private readonly clock: ServerClock,
    private readonly send: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path, null, null);
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.call<T>('POST', path, body, null);
  }

  /** As somebody who is signed in. */
  getAs<T>(token: string, path: string): Promise<T> {
    return this.call<T>('GET', path, null, token);
  }

  /** A command whose parameters are files. */
  upload<T>(token: string, path: string, body: object, commandId: string): Promise<T> {
    return this.call<T>('POST', path, body, token, commandId);
  }

  async delete(path: string, token: string): Promise<void> {
    await this.call<unknown>('DELETE', path, null, token);
  }

  private async call<T>(
    method: string,
    path: string,
    body: object | null,
    token: string | null,
    commandId?: string,
  ): Promise<T> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== null) headers['content-type'] = 'application/json';
    if (token !== null) headers.authorization = `Bearer ${token}`;
    if (commandId !== undefined) headers['idempotency-key'] = commandId;
    const sent = this.clock.local();
    const response = await this.answer(path, {
      method,
      headers,
      cache: 'no-store',
      signal: AbortSignal.timeout(commandId === undefined ? TIMEOUT_MS : UPLOAD_TIMEOUT_MS),
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    this.clock.observeDate(response.headers.get('date'), sent);
    const text = await response.text();
    const parsed: unknown = text === '' ? null : parse(text);
    if (!response.ok) throw problem(response.status, parsed);
    return parsed as T;
  }

  private async answer(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.send(path, init);
    } catch (cause) {
      throw new RestError(0, 'unreachable', cause instanceof Error ? cause.message : 'no answer');
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problem(status: number, body: unknown): RestError {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const code = typeof fields.code === 'string' ? fields.code : `http_${status}`;
  const message = typeof fields.detail === 'string' ? fields.detail : code;
  const details = typeof fields.details === 'object' && fields.details !== null ? fields.details : {};
  return new RestError(status, code, message, details as Record<string, unknown>);
}
