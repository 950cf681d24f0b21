import { describe, expect, it } from 'vitest';
import { rideOf } from './ride';

const HOME = { lon: 13.4, lat: 52.5 };

describe('a ride', () => {
  it('is drawn with north up, to scale within the smallest ring that holds it', () => {
    const north = rideOf(HOME, { lon: 13.4, lat: 52.509 }, 100);
    expect(north.ring.km).toBe(2);
    expect(north.x).toBe(0);
    expect(north.y).toBeCloseTo(-43, 0);
    const west = rideOf(HOME, { lon: 13.3926, lat: 52.5 }, 100);
    expect(west.ring.km).toBe(1);
    expect(west.x).toBeLessThan(0);
    expect(Math.abs(west.y)).toBe(0);
  });

  it('stays in the drawing however far it is', () => {
    const { x, y, ring } = rideOf(HOME, { lon: 2.35, lat: 48.86 }, 100);
    expect(Math.hypot(x, y)).toBeLessThanOrEqual(ring.radius + 1);
  });

  it('is in the middle once it has come', () => {
    const { x, y, km } = rideOf(HOME, HOME, 100);
    expect([x, y, km].map(Math.abs)).toEqual([0, 0, 0]);
  });
});
