/**
 * A phone's readings of where it is, gathered until they get through. Pure. Readings that are close in time
 * and place say nothing new; the server takes no interest in old ones, and in so many at once.
 */
import type { Fix } from '../wire';

export interface Gathered {
  readonly fixes: readonly Fix[];
  /** When something was last sent. */
  readonly sentAt: number;
}

export const NOTHING_GATHERED: Gathered = { fixes: [], sentAt: Number.NEGATIVE_INFINITY };

/** As the server has it. */
const AT_MOST = 60;
const OLD_MS = 5 * 60_000;
const APART_MS = 5_000;
/** The server takes thirty reports a minute. */
const SEND_EVERY_MS = 5_000;
/** Worse than that is a guess of the network's. */
const USABLE_M = 2_000;

export function gathered(known: Gathered, fix: Fix): Gathered {
  if ((fix.accuracy_m ?? 0) > USABLE_M) return known;
  const last = known.fixes.at(-1);
  if (last !== undefined && Date.parse(fix.at) - Date.parse(last.at) < APART_MS) return known;
  return { ...known, fixes: [...known.fixes, fix].slice(-AT_MOST) };
}

/** What is to be sent now; nothing where it is too soon or there is nothing of interest. */
export function due(known: Gathered, now: number): readonly Fix[] {
  if (now - known.sentAt < SEND_EVERY_MS) return [];
  return known.fixes.filter(({ at }) => now - Date.parse(at) < OLD_MS);
}

/** They got through. */
export function sent(known: Gathered, fixes: readonly Fix[], now: number): Gathered {
  return { fixes: known.fixes.filter((fix) => !fixes.includes(fix)), sentAt: now };
}

/** What a browser says, in the server's terms and by its clock. */
export function fixOf(position: GeolocationPosition, now: number, deviceNow: number): Fix {
  const { longitude, latitude, accuracy, heading, speed } = position.coords;
  const age = Math.max(0, deviceNow - position.timestamp);
  return {
    at: new Date(now - age).toISOString(),
    lon: longitude,
    lat: latitude,
    accuracy_m: Math.min(accuracy, 10_000),
    ...(heading === null || Number.isNaN(heading) ? {} : { heading }),
    ...(speed === null || speed > 70 ? {} : { speed: Math.max(0, speed) }),
  };
}
