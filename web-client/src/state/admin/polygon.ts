/** A zone's outline while it is edited: corners in order, not closed. Pure. A ring is what the server
 * keeps: the corners with the first once more at the end. GeoJSON is read leniently, because people paste
 * what they have: a geometry, a feature, or a collection with one polygon. */

export type Corner = readonly [lon: number, lat: number];
export type Corners = readonly Corner[];

export type Edit =
  | { readonly kind: 'add'; readonly corner: Corner }
  /** Between a corner and the one behind it. */
  | { readonly kind: 'insert'; readonly after: number }
  | { readonly kind: 'move'; readonly at: number; readonly corner: Corner }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'replace'; readonly corners: Corners };

export function edit(corners: Corners, change: Edit): Corners {
  switch (change.kind) {
    case 'add':
      return [...corners, rounded(change.corner)];
    case 'insert': {
      const from = corners[change.after];
      const to = corners[(change.after + 1) % corners.length];
      if (from === undefined || to === undefined) return corners;
      return corners.toSpliced(change.after + 1, 0, middle(from, to));
    }
    case 'move':
      return corners.map((corner, place) => (place === change.at ? rounded(change.corner) : corner));
    case 'remove':
      return corners.filter((_, place) => place !== change.at);
    case 'replace':
      return change.corners;
    default:
      return change satisfies never;
  }
}

function middle(from: Corner, to: Corner): Corner {
  return rounded([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]);
}

/** About a decimetre. */
function rounded([lon, lat]: Corner): Corner {
  return [Math.round(lon * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
}

export function toRing(corners: Corners): [number, number][] {
  const [first] = corners;
  return (first === undefined ? corners : [...corners, first]).map(([lon, lat]) => [lon, lat]);
}

export function fromRing(ring: readonly (readonly [number, number])[]): Corners {
  const [first, last] = [ring.at(0), ring.at(-1)];
  const closed = first !== undefined && last !== undefined && first[0] === last[0] && first[1] === last[1];
  return (closed && ring.length > 1 ? ring.slice(0, -1) : ring).map(([lon, lat]) => [lon, lat] as const);
}

/** Square kilometres, by the shoelace formula on a plane that is right at the outline's middle. */
export function areaKm2(corners: Corners): number {
  const lat = corners.reduce((sum, corner) => sum + corner[1], 0) / Math.max(1, corners.length);
  const [x, y] = [111.32 * Math.cos((lat * Math.PI) / 180), 110.57];
  const twice = corners.reduce((sum, [lon1, lat1], place) => {
    const [lon2, lat2] = corners[(place + 1) % corners.length] ?? [lon1, lat1];
    return sum + lon1 * lat2 - lon2 * lat1;
  }, 0);
  return Math.abs(twice / 2) * x * y;
}

export type GeoJsonFault = 'not_json' | 'no_polygon' | 'several' | 'holes' | 'not_degrees';

export function readGeoJson(text: string): { corners: Corners } | { fault: GeoJsonFault } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'not_json' };
  }
  const polygons = polygonsIn(value);
  const [polygon] = polygons;
  if (polygon === undefined) return { fault: 'no_polygon' };
  if (polygons.length > 1) return { fault: 'several' };
  const [outer, ...holes] = polygon;
  if (outer === undefined || !outer.every(isPosition)) return { fault: 'not_degrees' };
  if (holes.length > 0) return { fault: 'holes' };
  const corners = fromRing(outer.map(([lon = 0, lat = 0]) => [lon, lat] as const)).map(rounded);
  return corners.length < 3 ? { fault: 'no_polygon' } : { corners };
}

type Rings = readonly (readonly number[])[][];

function polygonsIn(value: unknown): readonly Rings[] {
  if (typeof value !== 'object' || value === null) return [];
  const fields = value as Readonly<Record<string, unknown>>;
  switch (fields.type) {
    case 'FeatureCollection':
      return Array.isArray(fields.features) ? fields.features.flatMap(polygonsIn) : [];
    case 'Feature':
      return polygonsIn(fields.geometry);
    case 'Polygon':
      return isRings(fields.coordinates) ? [fields.coordinates] : [];
    case 'MultiPolygon':
      return Array.isArray(fields.coordinates) ? fields.coordinates.filter(isRings) : [];
    default:
      return [];
  }
}

function isRings(value: unknown): value is Rings {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((ring) => Array.isArray(ring) && ring.every((position) => Array.isArray(position)))
  );
}

function isPosition(position: readonly unknown[]): boolean {
  const [lon, lat] = position;
  return typeof lon === 'number' && typeof lat === 'number' && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}
