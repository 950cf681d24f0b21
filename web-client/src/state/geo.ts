/** Points on the map: which zone one lies in, a zone's centre, and how far two are apart. */
import type { Zone } from '../wire';

export interface Point {
  readonly lon: number;
  readonly lat: number;
}

type Ring = readonly (readonly [number, number])[];

/** Whether a ring encloses a point (even-odd rule). */
export function encloses(ring: Ring, { lon, lat }: Point): boolean {
  let inside = false;
  let [previousLon, previousLat] = ring.at(-1) ?? [0, 0];
  for (const [ringLon, ringLat] of ring) {
    const crosses = ringLat > lat !== previousLat > lat;
    if (crosses && lon < ((previousLon - ringLon) * (lat - ringLat)) / (previousLat - ringLat) + ringLon) {
      inside = !inside;
    }
    [previousLon, previousLat] = [ringLon, ringLat];
  }
  return inside;
}

export function zoneAt(zones: readonly Zone[], point: Point): Zone | null {
  return zones.find((zone) => encloses(zone.polygon, point)) ?? null;
}

/** The zone that begins nearest to a point that lies in none, and how far away that is. */
export function nearestZone(zones: readonly Zone[], point: Point): { zone: Zone; km: number } | null {
  let best: { zone: Zone; km: number } | null = null;
  for (const zone of zones) {
    for (const [lon, lat] of zone.polygon) {
      const km = distanceKm(point, { lon, lat });
      if (best === null || km < best.km) best = { zone, km };
    }
  }
  return best;
}

/** A position as maps give it to be copied: latitude, then longitude. */
export function readPosition(text: string): Point | null {
  const match = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  if (match === null) return null;
  const [lat, lon] = [Number(match[1]), Number(match[2])];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lon, lat } : null;
}

export function writePosition({ lon, lat }: Point): string {
  return `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
}

/** The centroid of a zone's outline; for a bent zone that does not hold its centroid, a corner's inside. */
export function centreOf(zone: Zone): Point {
  let [area, lon, lat] = [0, 0, 0];
  let previous = zone.polygon.at(-1) ?? ([0, 0] as const);
  for (const corner of zone.polygon) {
    const cross = previous[0] * corner[1] - corner[0] * previous[1];
    area += cross;
    lon += (previous[0] + corner[0]) * cross;
    lat += (previous[1] + corner[1]) * cross;
    previous = corner;
  }
  const first = zone.polygon[0] ?? [0, 0];
  if (area === 0) return { lon: first[0], lat: first[1] };
  const centre = { lon: rounded(lon / (3 * area)), lat: rounded(lat / (3 * area)) };
  return encloses(zone.polygon, centre) ? centre : inward(zone.polygon, centre);
}

/** Steps from the corners towards the centre until one point lies inside. */
function inward(ring: Ring, centre: Point): Point {
  for (const [lon, lat] of ring) {
    for (const part of [0.02, 0.1, 0.3]) {
      const point = {
        lon: rounded(lon + (centre.lon - lon) * part),
        lat: rounded(lat + (centre.lat - lat) * part),
      };
      if (encloses(ring, point)) return point;
    }
  }
  return centre;
}

function rounded(degrees: number): number {
  return Math.round(degrees * 1e5) / 1e5;
}

const EARTH_KM = 6371;

/** Great-circle distance. */
export function distanceKm(a: Point, b: Point): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const [dLat, dLon] = [radians(b.lat - a.lat), radians(b.lon - a.lon)];
  const h =
    Math.sin(dLat / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.sqrt(h));
}
