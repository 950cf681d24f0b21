import { describe, expect, it } from 'vitest';
import type { Zone } from '../wire';
import { centreOf, distanceKm, encloses, nearestZone, readPosition, writePosition, zoneAt } from './geo';

const zone = (slug: string, polygon: [number, number][]): Zone =>
  ({ slug, name: slug, polygon, time_zone: 'UTC', version: 1 }) as unknown as Zone;
const square = zone('square', [
  [0, 0],
  [4, 0],
  [4, 4],
  [0, 4],
  [0, 0],
]);
const horseshoe = zone('horseshoe', [
  [0, 0],
  [9, 0],
  [9, 9],
  [8, 9],
  [8, 1],
  [1, 1],
  [1, 9],
  [0, 9],
  [0, 0],
]);

describe('zones on the map', () => {
  it('know what lies in them', () => {
    expect(zoneAt([horseshoe, square], { lon: 2, lat: 2 })?.slug).toBe('square');
    expect(zoneAt([square], { lon: 5, lat: 2 })).toBeNull();
  });

  it('have a centre that lies in them, also when they are bent', () => {
    expect(centreOf(square)).toEqual({ lon: 2, lat: 2 });
    expect(encloses(horseshoe.polygon, centreOf(horseshoe))).toBe(true);
  });

  it('are as far apart as the globe says', () => {
    expect(distanceKm({ lon: 13.405, lat: 52.52 }, { lon: 11.582, lat: 48.135 })).toBeCloseTo(504, -1);
  });
});

describe('a position from a map', () => {
  it('is read as it is copied', () => {
    expect(readPosition('52.52, 13.405')).toEqual({ lat: 52.52, lon: 13.405 });
    expect(readPosition(' -33.9;151.2 ')).toEqual({ lat: -33.9, lon: 151.2 });
    for (const text of ['', 'Garden Street 1', '52.52', '95, 13', '52, 190']) {
      expect(readPosition(text)).toBeNull();
    }
    expect(readPosition(writePosition({ lon: 13.405, lat: 52.52 }))).toEqual({ lat: 52.52, lon: 13.405 });
  });

  it('outside of every zone is told with the nearest', () => {
    const found = nearestZone([square, horseshoe], { lon: -1, lat: 4 });
    expect(found?.zone.slug).toBe('square');
    expect(found?.km).toBeCloseTo(111, -1);
    expect(nearestZone([], { lon: 0, lat: 0 })).toBeNull();
  });
});
