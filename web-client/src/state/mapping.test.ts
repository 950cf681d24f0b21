import { describe, expect, it } from 'vitest';
import type { JobRow, LiveRow } from '../wire';
import type { Board } from './control';
import { type Mark, markAt, marksOf, panned, projectionOf, scaleBar, WHOLE, zoomed } from './mapping';

const RING: [number, number][] = [
  [13, 52],
  [14, 52],
  [14, 53],
  [13, 53],
  [13, 52],
];
const SURFACE = { width: 400, height: 300 };
const NOW = Date.parse('2026-11-20T10:10:00Z');

const job = (id: string, over: Partial<JobRow> = {}): JobRow =>
  ({
    id,
    number: 1,
    version: 1,
    status: 'assigned',
    at_risk: false,
    starts_at: '2026-11-20T12:00:00Z',
    duration_minutes: 60,
    travel_buffer_minutes: 0,
    seats: ['anna'],
    lon: 13.5,
    lat: 52.5,
    ...over,
  }) as JobRow;
const board = (jobs: JobRow[]): Board =>
  ({
    jobs: new Map(jobs.map((each) => [each.id, each])),
    days: [
      {
        cleaner: { id: 'anna', name: 'Anna' },
        shifts: [],
        timeOff: [],
        bars: jobs.filter(({ seats }) => seats.includes('anna')).map((each) => ({ job: each, seat: 0 })),
      },
    ],
    queue: [],
    alerts: [],
  }) as unknown as Board;
const position = (id: string, at = '2026-11-20T10:09:55Z'): LiveRow => ({
  kind: 'position',
  id,
  version: 1,
  at,
  lon: 13.4,
  lat: 52.4,
});
const all = () => true;
const anna = (marks: readonly Mark[]) => marks.find((mark) => mark.kind === 'cleaner');

describe('the projection', () => {
  it('holds the whole zone, north up, and goes both ways', () => {
    const { x, y, lon, lat } = projectionOf(RING, SURFACE, WHOLE);
    for (const [east, north] of RING) {
      expect(x(east)).toBeGreaterThanOrEqual(15);
      expect(x(east)).toBeLessThanOrEqual(385);
      expect(y(north)).toBeGreaterThanOrEqual(15);
      expect(y(north)).toBeLessThanOrEqual(285);
    }
    expect(y(53)).toBeLessThan(y(52));
    expect(lon(x(13.2))).toBeCloseTo(13.2);
    expect(lat(y(52.7))).toBeCloseTo(52.7);
  });

  it('keeps under the pointer what one looks closer at, and moves with the hand', () => {
    const before = projectionOf(RING, SURFACE, WHOLE);
    const at = { x: 100, y: 80 };
    const look = zoomed(WHOLE, 3, before, at);
    const close = projectionOf(RING, SURFACE, look);
    expect(close.lon(at.x)).toBeCloseTo(before.lon(at.x));
    expect(close.lat(at.y)).toBeCloseTo(before.lat(at.y));
    const moved = projectionOf(RING, SURFACE, panned(look, 30, -10, close));
    expect(moved.lon(at.x + 30)).toBeCloseTo(close.lon(at.x));
    expect(moved.lat(at.y - 10)).toBeCloseTo(close.lat(at.y));
    expect(zoomed(look, 0.1, close, at)).toEqual(WHOLE);
  });

  it('has a bar of a round length', () => {
    expect(scaleBar(10, 100)).toEqual({ metres: 1000, px: 100 });
    expect(scaleBar(7, 100)).toEqual({ metres: 500, px: 500 / 7 });
    expect(scaleBar(2.4, 100).metres).toBe(200);
  });
});

describe('marks', () => {
  it('say what a cleaner does, and when they are late', () => {
    const at = (status: JobRow['status'], starts_at: string) =>
      anna(marksOf(board([job('j', { status, starts_at })]), [position('anna')], all, NOW));
    expect(at('assigned', '2026-11-20T12:00:00Z')).toMatchObject({ doing: 'free', late: 0, job: null });
    expect(at('en_route', '2026-11-20T10:00:00Z')).toMatchObject({ doing: 'en_route', late: 10 });
    expect(at('in_progress', '2026-11-20T10:00:00Z')).toMatchObject({ doing: 'on_site', late: 0 });
    expect(at('assigned', '2026-11-20T10:00:00Z')).toMatchObject({ doing: 'free', late: 10 });
  });

  it('are of cleaners of the day, and old when nothing was heard for a while', () => {
    const marks = marksOf(
      board([]),
      [position('anna', '2026-11-20T10:05:00Z'), position('stranger')],
      all,
      NOW,
    );
    expect(marks).toMatchObject([{ id: 'anna', old: true }]);
  });

  it('are of jobs that are not over and are wished for, what presses on top', () => {
    const jobs = [
      job('waits', { seats: [null], status: 'unassigned' }),
      job('done', { status: 'completed' }),
      job('calm'),
      job('late', { starts_at: '2026-11-20T10:00:00Z' }),
      job('other'),
    ];
    const marks = marksOf(board(jobs), [], ({ id }) => id !== 'other', NOW);
    expect(marks.map(({ id }) => id)).toEqual(['calm', 'waits', 'late']);
  });

  it('are met where they are, the one on top first', () => {
    const jobs = [job('under'), job('over', { at_risk: true }), job('far', { lon: 13.9 })];
    const projection = projectionOf(RING, SURFACE, WHOLE);
    const marks = marksOf(board(jobs), [], all, NOW);
    const at = { x: projection.x(13.5) + 3, y: projection.y(52.5) };
    expect(markAt(marks, projection, at)?.id).toBe('over');
    expect(markAt(marks, projection, { x: 2, y: 2 })).toBe(null);
  });
});
