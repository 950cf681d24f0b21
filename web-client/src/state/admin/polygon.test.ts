import { describe, expect, it } from 'vitest';
import { fitted, toDegrees, toPoint, zoom } from './plane';
import { areaKm2, type Corners, edit, fromRing, readGeoJson, toRing } from './polygon';

const SQUARE: Corners = [
  [13, 52],
  [14, 52],
  [14, 53],
  [13, 53],
];

describe('an outline', () => {
  it('is closed for the server and open for who edits it', () => {
    const ring = toRing(SQUARE);
    expect(ring).toHaveLength(5);
    expect(ring.at(-1)).toEqual(ring[0]);
    expect(fromRing(ring)).toEqual(SQUARE);
    expect(fromRing([[13, 52]])).toEqual([[13, 52]]);
  });

  it('gets corners at its end and in the middle of its edges, the last one included', () => {
    expect(edit(SQUARE, { kind: 'add', corner: [12.5, 52.5] }).at(-1)).toEqual([12.5, 52.5]);
    expect(edit(SQUARE, { kind: 'insert', after: 0 })[1]).toEqual([13.5, 52]);
    expect(edit(SQUARE, { kind: 'insert', after: 3 })[4]).toEqual([13, 52.5]);
    expect(edit(SQUARE, { kind: 'insert', after: 9 })).toBe(SQUARE);
  });

  it('has its corners moved and removed without the others moving', () => {
    expect(edit(SQUARE, { kind: 'move', at: 1, corner: [15, 51] })).toEqual([
      SQUARE[0],
      [15, 51],
      SQUARE[2],
      SQUARE[3],
    ]);
    expect(edit(SQUARE, { kind: 'remove', at: 0 })).toEqual(SQUARE.slice(1));
  });

  it('has an area in square kilometres', () => {
    // A degree by a degree at 52.5 north: about 67.8 by 110.6 km.
    expect(areaKm2(SQUARE)).toBeGreaterThan(7_300);
    expect(areaKm2(SQUARE)).toBeLessThan(7_600);
    expect(areaKm2([])).toBe(0);
  });
});

describe('pasted GeoJSON', () => {
  const geometry = { type: 'Polygon', coordinates: [toRing(SQUARE)] };
  const feature = { type: 'Feature', properties: {}, geometry };

  it.each([
    ['a geometry', geometry],
    ['a feature', feature],
    ['a collection of one', { type: 'FeatureCollection', features: [feature] }],
    ['one polygon of several', { type: 'MultiPolygon', coordinates: [[toRing(SQUARE)]] }],
  ])('is read as %s', (_, value) => {
    expect(readGeoJson(JSON.stringify(value))).toEqual({ corners: SQUARE });
  });

  it.each([
    ['not_json', '{'],
    ['no_polygon', 'null'],
    ['no_polygon', JSON.stringify({ type: 'Point', coordinates: [1, 2] })],
    ['no_polygon', JSON.stringify({ type: 'Polygon', coordinates: [[[1, 2]]] })],
    ['several', JSON.stringify({ type: 'FeatureCollection', features: [feature, feature] })],
    ['holes', JSON.stringify({ ...geometry, coordinates: [toRing(SQUARE), toRing(SQUARE)] })],
    ['not_degrees', JSON.stringify({ ...geometry, coordinates: [[[500000, 5800000]]] })],
  ])('says %s', (fault, text) => {
    expect(readGeoJson(text)).toEqual({ fault });
  });
});

describe('the plane', () => {
  it('shows all corners, and gives back the degrees of a point', () => {
    const plane = fitted(SQUARE, 760, 400);
    for (const corner of SQUARE) {
      const point = toPoint(plane, corner);
      expect(point[0]).toBeGreaterThan(0);
      expect(point[0]).toBeLessThan(760);
      expect(point[1]).toBeGreaterThan(0);
      expect(point[1]).toBeLessThan(400);
      const [lon, lat] = toDegrees(plane, point);
      expect(lon).toBeCloseTo(corner[0], 9);
      expect(lat).toBeCloseTo(corner[1], 9);
    }
  });

  it('keeps what lies under the pointer when it comes nearer', () => {
    const plane = fitted(SQUARE, 760, 400);
    const before = toDegrees(plane, [100, 300]);
    const after = toDegrees(zoom(plane, 2, [100, 300]), [100, 300]);
    expect(after[0]).toBeCloseTo(before[0], 9);
    expect(after[1]).toBeCloseTo(before[1], 9);
  });

  it('has room around a single place', () => {
    const plane = fitted([[37.6, 55.7]], 760, 400);
    const [x, y] = toPoint(plane, [37.6, 55.7]);
    expect(x).toBeCloseTo(380);
    expect(y).toBeCloseTo(200);
    expect(400 / plane.down).toBeGreaterThan(0.1);
  });
});
