/** The plane that zones are drawn on: degrees to points and back. Away from the equator a degree of
 * longitude is shorter, so it is drawn shorter. Pure. */
import type { Corner } from './polygon';

export type Point = readonly [x: number, y: number];

export interface Plane {
  /** What lies at the left upper corner. */
  readonly lon: number;
  readonly lat: number;
  /** Points per degree, across and down. */
  readonly across: number;
  readonly down: number;
}

/** Where a company begins to draw that has drawn nothing yet. */
const SOMEWHERE: Corner = [13.405, 52.52];
/** Degrees of latitude that are seen around a single place. */
const LEAST_DEGREES = 0.2;
const MARGIN = 0.15;

/** All corners, with room around them. */
export function fitted(corners: readonly Corner[], width: number, height: number): Plane {
  const all = corners.length === 0 ? [SOMEWHERE] : corners;
  const [lons, lats] = [all.map(([lon]) => lon), all.map(([, lat]) => lat)];
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const middle: Corner = [(west + east) / 2, (south + north) / 2];
  const shrink = Math.max(0.05, Math.cos((middle[1] * Math.PI) / 180));
  const tall = Math.max(north - south, ((east - west) * shrink * height) / width, alone(all));
  const down = height / (tall * (1 + 2 * MARGIN));
  const across = down * shrink;
  return { lon: middle[0] - width / 2 / across, lat: middle[1] + height / 2 / down, across, down };
}

function alone(corners: readonly Corner[]): number {
  return corners.length === 1 ? LEAST_DEGREES : 0.001;
}

export function toPoint(plane: Plane, [lon, lat]: Corner): Point {
  return [(lon - plane.lon) * plane.across, (plane.lat - lat) * plane.down];
}

export function toDegrees(plane: Plane, [x, y]: Point): Corner {
  return [plane.lon + x / plane.across, plane.lat - y / plane.down];
}

export function pan(plane: Plane, dx: number, dy: number): Plane {
  return { ...plane, lon: plane.lon - dx / plane.across, lat: plane.lat + dy / plane.down };
}

/** Nearer or further; what lies at the point stays there. */
export function zoom(plane: Plane, by: number, at: Point): Plane {
  const down = Math.min(4e6, Math.max(2, plane.down * by));
  const across = (plane.across * down) / plane.down;
  const [lon, lat] = toDegrees(plane, at);
  return { lon: lon - at[0] / across, lat: lat + at[1] / down, across, down };
}
