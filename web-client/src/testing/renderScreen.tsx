/** Renders the whole product for a test, over a fake server. */
import { cleanup, render } from '@testing-library/react';
import { HubClient } from '../hub/client';
import { ServerClock } from '../hub/clock';
import { type Keep, PageKeep } from '../hub/keep';
import { Rest } from '../hub/rest';
import { type Area, keepSession, Session, type User } from '../hub/session';
import { AppVersion } from '../pwa/registration';
import { Catalogs } from '../state/catalogs';
import type { Device } from '../state/handset';
import { App } from '../ui/App';
import { en } from '../ui/i18n/en';
import { WorkApp } from '../ui/work/WorkApp';
import type { Service, Zone } from '../wire';
import { FakeServer } from './fakeServer';

const WEEK: Zone['opening_hours'] = [
  { opens: 0, closes: 1440 },
  { opens: 0, closes: 1440 },
  { opens: 0, closes: 1440 },
  { opens: 0, closes: 1440 },
  { opens: 0, closes: 1440 },
  { opens: 0, closes: 1440 },
  { opens: 0, closes: 1440 },
];

export const ZONE: Zone = {
  slug: 'center',
  name: 'Center',
  polygon: [
    [13, 52],
    [14, 52],
    [14, 53],
    [13, 53],
    [13, 52],
  ],
  time_zone: 'UTC',
  opening_hours: WEEK,
  version: 1,
};

export const SERVICE: Service = {
  slug: 'standard',
  name: 'Standard clean',
  duration_minutes: 120,
  crew_size: 1,
  skills: [],
  travel_buffer_minutes: 30,
  lead_time_minutes: 0,
  booking_window_days: 30,
  slot_step_minutes: 30,
  price_minor: 9000,
  currency: 'EUR',
  active: true,
  version: 1,
};

const open: { hub: HubClient }[] = [];

/** Ends what a test has opened. */
export function closeScreens(): void {
  cleanup();
  for (const { hub } of open.splice(0)) hub.close();
  localStorage.clear();
}

export const GUEST: User = { id: 'guest-1', role: 'customer', name: '' };

/** Opens a path as somebody, or as nobody. */
export function openScreen(path: string, area: Area, user: User | null, keep: Keep = new PageKeep()) {
  history.replaceState(null, '', path);
  localStorage.setItem('dispatch-hub.language', 'en');
  const server = new FakeServer();
  const grant = (who: User) => ({ access_token: who.id, expires_in: 3600, refresh_token: 'r', user: who });
  const answers: Record<string, unknown> = {
    'GET /api/v1/zones': [ZONE],
    'GET /api/v1/services': [SERVICE],
    'POST /api/v1/sessions': grant(GUEST),
    'POST /api/v1/sessions/refresh': grant(user ?? GUEST),
  };
  const clock = new ServerClock();
  const rest = new Rest(clock, async (input, init) => {
    const found = answers[`${init?.method} ${String(input)}`];
    return new Response(JSON.stringify(found ?? { code: 'not_found' }), {
      status: found === undefined ? 404 : 200,
    });
  });
  if (user !== null) keepSession(localStorage, area, grant(user));
  const session = new Session(area, rest, localStorage);
  const hub = new HubClient({ url: 'ws://test/', session, clock, websocket: server.WebSocket });
  const services = { area, rest, clock, session, hub, catalogs: new Catalogs(rest) };
  open.push(services);
  const device: Device = { keep, geolocation: undefined, storage: localStorage, tabs: null };
  const version = new AppVersion(undefined, () => undefined);
  const said = { language: 'en' as const, t: en };
  const page =
    area === 'cleaner' ? (
      <WorkApp services={services} said={said} version={version} device={device} />
    ) : (
      <App services={services} said={said} />
    );
  return { server, services, version, keep, ...render(page) };
}
