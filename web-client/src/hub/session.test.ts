import { beforeEach, describe, expect, it } from 'vitest';
import { ServerClock } from './clock';
import { Rest } from './rest';
import { Session, SignedOut } from './session';

const user = { id: 'u1', role: 'cleaner', name: 'Anna' };

/** A server that rotates refresh tokens and takes each once. */
function server() {
  let current = '';
  let made = 0;
  const calls: string[] = [];
  const grant = () => {
    current = `refresh-${++made}`;
    return { access_token: `access-${made}`, expires_in: 5, refresh_token: current, user };
  };
  const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
  const send: typeof fetch = async (input, init) => {
    calls.push(`${init?.method} ${String(input)}`);
    const body = JSON.parse(String(init?.body ?? 'null')) as { refresh_token?: string };
    if (String(input).endsWith('/refresh')) {
      return body.refresh_token === current && current !== ''
        ? answer(200, grant())
        : answer(401, { code: 'unauthenticated' });
    }
    return answer(200, grant());
  };
  return { rest: new Rest(new ServerClock(), send), calls, revoke: () => (current = '') };
}

describe('a session', () => {
  beforeEach(() => localStorage.clear());

  it('is found again after a reload', async () => {
    const { rest } = server();
    await new Session('cleaner', rest, localStorage).signIn({ email: 'a@b.c', password: 'x' });
    const later = new Session('cleaner', rest, localStorage);
    expect(later.user.value).toEqual(user);
    expect(await later.accessToken()).toBe('access-2');
  });

  it('refreshes once for many who ask at a time', async () => {
    const { rest, calls } = server();
    const session = new Session('cleaner', rest, localStorage);
    await session.signIn({ guest: true });
    session.distrust();
    const tokens = await Promise.all([session.accessToken(), session.accessToken(), session.accessToken()]);
    expect(new Set(tokens).size).toBe(1);
    expect(calls.filter((call) => call.endsWith('/refresh'))).toHaveLength(1);
  });

  it('takes the token that another tab has rotated in the meantime', async () => {
    const { rest } = server();
    const one = new Session('cleaner', rest, localStorage);
    await one.signIn({ guest: true });
    const other = new Session('cleaner', rest, localStorage);
    await other.accessToken();
    one.distrust();
    await expect(one.accessToken()).resolves.toBe('access-3');
  });

  it('ends in every tab of the browser, and goes on in all while nothing but the token is new', async () => {
    const { rest } = server();
    const one = new Session('cleaner', rest, localStorage);
    await one.signIn({ guest: true });
    const other = new Session('cleaner', rest, localStorage);
    const seen: unknown[] = [];
    other.user.subscribe(() => seen.push(other.user.value));
    other.changedElsewhere();
    expect(seen).toEqual([]);
    await one.signOut();
    other.changedElsewhere();
    expect(seen).toEqual([null]);
    await expect(other.accessToken()).rejects.toThrow(SignedOut);
  });

  it('is over when the server no longer knows it', async () => {
    const { rest, revoke } = server();
    const session = new Session('cleaner', rest, localStorage);
    await session.signIn({ guest: true });
    revoke();
    session.distrust();
    await expect(session.accessToken()).rejects.toBeInstanceOf(SignedOut);
    expect(session.user.value).toBeNull();
    expect(localStorage.length).toBe(0);
  });

  it('survives a server that cannot be reached', async () => {
    const { rest } = server();
    await new Session('cleaner', rest, localStorage).signIn({ guest: true });
    const offline = new Rest(new ServerClock(), () => Promise.reject(new TypeError('no network')));
    const session = new Session('cleaner', offline, localStorage);
    await expect(session.accessToken()).rejects.toMatchObject({ code: 'unreachable' });
    expect(session.user.value).toEqual(user);
  });

  it('of one part of the product is not another’s', async () => {
    const { rest } = server();
    await new Session('cleaner', rest, localStorage).signIn({ guest: true });
    expect(new Session('staff', rest, localStorage).user.value).toBeNull();
  });
});
