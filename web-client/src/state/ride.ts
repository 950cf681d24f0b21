/** Where a cleaner on the way is drawn: the home in the middle, north up, rings of whole distances. */
import { distanceKm, type Point } from './geo';

export interface Ride {
  /** Of the cleaner, from the middle, in units of the drawing. */
  readonly x: number;
  readonly y: number;
  readonly km: number;
  /** The ring that is drawn, and the distance for which it stands. */
  readonly ring: { readonly km: number; readonly radius: number };
}

const RINGS_KM = [0.25, 0.5, 1, 2, 5, 10, 20, 50];
/** How much of the half of the drawing the ring takes. */
const REACH = 0.86;

/** `half` is half of the drawing's height. A cleaner farther out than the largest ring is drawn on it. */
export function rideOf(home: Point, cleaner: Point, half: number): Ride {
  const km = distanceKm(home, cleaner);
  const ringKm = RINGS_KM.find((ring) => ring >= km) ?? 50;
  const radius = half * REACH;
  const east = distanceKm(home, { lon: cleaner.lon, lat: home.lat }) * Math.sign(cleaner.lon - home.lon);
  const north = distanceKm(home, { lon: home.lon, lat: cleaner.lat }) * Math.sign(cleaner.lat - home.lat);
  const scale = (radius / ringKm) * Math.min(1, ringKm / Math.max(km, 0.001));
  return { x: round(east * scale), y: round(-north * scale), km, ring: { km: ringKm, radius } };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
