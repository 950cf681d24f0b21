/** Renders the whole product for a test, over a fake server. */
import { cleanup, render } from '@testing-library/react';
import type { HubClient } from '../hub/client';
import { type Keep, PageKeep } from '../hub/keep';
import type { Area, User } from '../hub/session';
import { en } from '../ui/i18n/en';
import type { Service, Zone } from '../wire';
import { makeProduct } from './product';

export { GUEST } from './product';

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

/** Opens a path as somebody, or as nobody. */
export function openScreen(path: string, area: Area, user: User | null, keep: Keep = new PageKeep()) {
  history.replaceState(null, '', path);
  localStorage.setItem('dispatch-hub.language', 'en');
  const answers: Record<string, unknown> = {
    'GET /api/v1/zones': [ZONE],
    'GET /api/v1/services': [SERVICE],
  };
  const said = { language: 'en' as const, t: en };
  const made = makeProduct({ area, user, said, keep, storage: localStorage, http: (call) => answers[call] });
  open.push(made.services);
  return { ...made, keep, ...render(made.page) };
}
