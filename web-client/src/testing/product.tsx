/** The whole product over a fake server: what tests and the gallery show. */
import type { ReactElement } from 'react';
import { HubClient } from '../hub/client';
import { ServerClock } from '../hub/clock';
import type { Keep } from '../hub/keep';
import { Rest } from '../hub/rest';
import { type Area, keepSession, Session, type User } from '../hub/session';
import { AppVersion } from '../pwa/registration';
import { Catalogs } from '../state/catalogs';
import type { Device } from '../state/handset';
import type { Services } from '../state/services';
import { App } from '../ui/App';
import type { Said } from '../ui/i18n/load';
import { WorkApp } from '../ui/work/WorkApp';
import { FakeServer } from './fakeServer';

export const GUEST: User = { id: 'guest-1', role: 'customer', name: '' };

export interface Setting {
  readonly area: Area;
  readonly user: User | null;
  readonly said: Said;
  readonly keep: Keep;
  readonly storage: Storage;
  /** What `GET /path` and the like are answered with: `undefined` is not found, a `Response` goes as it is. */
  readonly http: (call: string) => unknown;
}

export interface Product {
  readonly server: FakeServer;
  readonly services: Services;
  readonly version: AppVersion;
  readonly page: ReactElement;
}

export function makeProduct({ area, user, said, keep, storage, http }: Setting): Product {
  const server = new FakeServer();
  const clock = new ServerClock();
  const rest = restOver(clock, http, user);
  if (user !== null) keepSession(storage, area, grantTo(user));
  const session = new Session(area, rest, storage);
  const hub = new HubClient({ url: 'ws://test/', session, clock, websocket: server.WebSocket });
  const services: Services = { area, rest, clock, session, hub, catalogs: new Catalogs(rest) };
  const version = new AppVersion(undefined, () => undefined);
  const device: Device = { keep, geolocation: undefined, storage, tabs: null };
  const page =
    area === 'cleaner' ? (
      <WorkApp services={services} said={said} version={version} device={device} />
    ) : (
      <App services={services} said={said} />
    );
  return { server, services, version, page };
}

/** Signs everybody in, and answers the rest as it is told to. */
function restOver(clock: ServerClock, http: Setting['http'], user: User | null): Rest {
  const signedIn: Record<string, unknown> = {
    'POST /api/v1/sessions': grantTo(GUEST),
    'POST /api/v1/sessions/refresh': grantTo(user ?? GUEST),
  };
  return new Rest(clock, async (input, init) => {
    const call = `${init?.method} ${String(input)}`;
    const found = http(call) ?? signedIn[call];
    if (found instanceof Response) return found.clone();
    return new Response(JSON.stringify(found ?? { code: 'not_found' }), {
      status: found === undefined ? 404 : 200,
    });
  });
}

function grantTo(user: User) {
  return { access_token: user.id, expires_in: 3600, refresh_token: 'r', user };
}
