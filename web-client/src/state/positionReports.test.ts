import { afterEach, describe, expect, it, vi } from 'vitest';
import { ServerClock } from '../hub/clock';
import type { Outcome } from '../hub/outcome';
import type { LocationReport } from '../wire';
import { PositionReports } from './positionReports';

const YES: Outcome = { outcome: 'accepted', result: {}, positions: {} };

/** A phone that says where it is when it is told to, and a hub that hears it or not. */
function phone() {
  let report: PositionCallback | null = null;
  let refuse: PositionErrorCallback | null | undefined = null;
  const geolocation = {
    watchPosition: (success: PositionCallback, failure?: PositionErrorCallback | null) => {
      [report, refuse] = [success, failure];
      return 1;
    },
    clearWatch: () => {
      [report, refuse] = [null, null];
    },
  } as unknown as Geolocation;
  const heard: LocationReport[] = [];
  const world = { answer: YES as Outcome | null };
  const hub = {
    tell: async (_method: string, said: unknown) => {
      if (world.answer !== null) heard.push(said as LocationReport);
      return world.answer;
    },
  };
  const reports = new PositionReports({
    ...{ account: 'anna', clock: new ServerClock(), storage: localStorage },
    ...{ geolocation, hub: hub as never },
  });
  const moveTo = (lon: number) => {
    const coords = { longitude: lon, latitude: 52.5, accuracy: 10, heading: null, speed: null };
    report?.({ timestamp: Date.now(), coords } as unknown as GeolocationPosition);
  };
  const block = () => refuse?.({ code: 1 } as GeolocationPositionError);
  return { reports, heard, moveTo, block, world, isWatched: () => report !== null };
}

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

describe('position reports', () => {
  it('are made with consent and at work only', () => {
    const { reports, isWatched } = phone();
    reports.setAtWork(true);
    expect(isWatched()).toBe(false);
    reports.decide('given');
    expect(isWatched()).toBe(true);
    reports.setAtWork(false);
    expect(isWatched()).toBe(false);
    expect(reports.reporting.value).toEqual({ kind: 'off' });
    reports.setAtWork(true);
    reports.decide('refused');
    expect(isWatched()).toBe(false);
    expect(localStorage.getItem('dispatch-hub.position.anna')).toBe('refused');
    reports.forget();
    expect(localStorage.length).toBe(0);
  });

  it('are gathered while nobody hears them', async () => {
    vi.useFakeTimers();
    const { reports, heard, moveTo, world } = phone();
    reports.decide('given');
    reports.setAtWork(true);
    world.answer = null;
    moveTo(13.1);
    await vi.advanceTimersByTimeAsync(6_000);
    moveTo(13.2);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(heard).toEqual([]);
    world.answer = YES;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(heard.map(({ fixes }) => fixes.map(({ lon }) => lon))).toEqual([[13.1, 13.2]]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(heard).toHaveLength(1);
    reports.close();
  });

  it('say when the phone does not let them', () => {
    const { reports, block, isWatched } = phone();
    reports.decide('given');
    reports.setAtWork(true);
    block();
    expect(isWatched()).toBe(false);
    expect(reports.reporting.value).toEqual({ kind: 'blocked' });
  });
});
