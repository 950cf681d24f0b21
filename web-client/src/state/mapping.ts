/**
 * The zone's map without a map: where points lie on a surface, what is marked there and how it stands, what
 * is under the pointer, and how long the scale's bar is. Knows no canvas and no colours. Pure.
 */
import type { JobRow, JobStatus, LiveRow, PositionRow, Zone } from '../wire';
import { type Board, lateMinutes } from './control';
import { isOver } from './work';

/** How close one looks (1 holds the whole zone), and at which point in its middle; `null` is the zone's. */
export interface Look {
  readonly zoom: number;
  readonly lon: number | null;
  readonly lat: number | null;
}

export const WHOLE: Look = { zoom: 1, lon: null, lat: null };
export const CLOSEST = 12;

export interface Surface {
  readonly width: number;
  readonly height: number;
}

export interface Projection {
  readonly x: (lon: number) => number;
  readonly y: (lat: number) => number;
  readonly lon: (x: number) => number;
  readonly lat: (y: number) => number;
  /** What lies in the middle of the surface. */
  readonly middle: { readonly lon: number; readonly lat: number };
  readonly metresPerPx: number;
}

const METRES_PER_DEGREE = 111_320;
const MARGIN_PX = 16;

/** As if the ground were flat, which at a town's size it is. */
export function projectionOf(ring: Zone['polygon'], { width, height }: Surface, look: Look): Projection {
  const lons = ring.map(([lon]) => lon);
  const lats = ring.map(([, lat]) => lat);
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const narrowing = Math.cos(((south + north) / 2 / 180) * Math.PI);
  const across = Math.max((east - west) * narrowing, 1e-6);
  const up = Math.max(north - south, 1e-6);
  const room = { width: Math.max(width - 2 * MARGIN_PX, 1), height: Math.max(height - 2 * MARGIN_PX, 1) };
  const scale = Math.min(room.width / across, room.height / up) * look.zoom;
  const middle = { lon: look.lon ?? (west + east) / 2, lat: look.lat ?? (south + north) / 2 };
  return {
    x: (lon) => width / 2 + (lon - middle.lon) * narrowing * scale,
    y: (lat) => height / 2 - (lat - middle.lat) * scale,
    lon: (x) => middle.lon + (x - width / 2) / (narrowing * scale),
    lat: (y) => middle.lat - (y - height / 2) / scale,
    middle,
    metresPerPx: METRES_PER_DEGREE / scale,
  };
}

/** Looks closer (or from further away) so that what is under the point stays there. */
export function zoomed(look: Look, by: number, projection: Projection, at: { x: number; y: number }): Look {
  const zoom = Math.min(Math.max(look.zoom * by, 1), CLOSEST);
  if (zoom === 1) return WHOLE;
  const kept = 1 - look.zoom / zoom;
  const { middle } = projection;
  const [lon, lat] = [projection.lon(at.x), projection.lat(at.y)];
  return { zoom, lon: middle.lon + (lon - middle.lon) * kept, lat: middle.lat + (lat - middle.lat) * kept };
}

/** Moves the ground under the eye by so many pixels. */
export function panned(look: Look, dx: number, dy: number, projection: Projection): Look {
  if (look.zoom === 1) return look;
  const { middle } = projection;
  const lon = middle.lon - (projection.lon(dx) - projection.lon(0));
  const lat = middle.lat - (projection.lat(dy) - projection.lat(0));
  return { ...look, lon, lat };
}

const NICE = [1, 2, 5] as const;

/** The longest round distance within so many pixels. */
export function scaleBar(metresPerPx: number, withinPx: number): { metres: number; px: number } {
  const most = metresPerPx * withinPx;
  const power = 10 ** Math.floor(Math.log10(most));
  const times = NICE.findLast((each) => each * power <= most) ?? 1;
  return { metres: times * power, px: (times * power) / metresPerPx };
}

/** What a cleaner does, as far as a position tells it. */
export type Doing = 'free' | 'en_route' | 'on_site';

export interface CleanerMark {
  readonly kind: 'cleaner';
  readonly id: string;
  readonly name: string;
  readonly lon: number;
  readonly lat: number;
  readonly doing: Doing;
  /** By minutes, with the job it is about; 0 is on time. */
  readonly late: number;
  /** The job under way, or the one that is late. */
  readonly job: JobRow | null;
  readonly heading: number | null;
  readonly at: string;
  /** Not heard of for a while. */
  readonly old: boolean;
}

export interface JobMark {
  readonly kind: 'job';
  readonly id: string;
  readonly lon: number;
  readonly lat: number;
  readonly job: JobRow;
  readonly late: number;
}

export type Mark = CleanerMark | JobMark;

const OLD_AFTER_MS = 120_000;
const ON_SITE: readonly JobStatus[] = ['arrived', 'in_progress', 'paused'];

/** Jobs that are not over and cleaners who are heard of: what presses comes last and lies on top. */
export function marksOf(
  board: Board,
  positions: Iterable<LiveRow>,
  wanted: (job: JobRow) => boolean,
  now: number,
): readonly Mark[] {
  const jobs: JobMark[] = [];
  for (const job of board.jobs.values()) {
    if (isOver(job.status) || !wanted(job)) continue;
    jobs.push({ kind: 'job', id: job.id, lon: job.lon, lat: job.lat, job, late: lateMinutes(job, now) });
  }
  const press = ({ job, late }: JobMark) => (late > 0 ? 2 : job.at_risk || job.seats.includes(null) ? 1 : 0);
  jobs.sort((a, b) => press(a) - press(b));
  const days = new Map(board.days.map((day) => [day.cleaner.id, day] as const));
  const cleaners: CleanerMark[] = [];
  for (const row of positions) {
    if (row.kind !== 'position') continue;
    const day = days.get(row.id);
    if (day === undefined) continue;
    cleaners.push(
      cleanerMark(
        row,
        day.cleaner.name,
        day.bars.map(({ job }) => job),
        now,
      ),
    );
  }
  cleaners.sort((a, b) => a.late - b.late || a.name.localeCompare(b.name));
  return [...jobs, ...cleaners];
}

function cleanerMark(row: PositionRow, name: string, jobs: readonly JobRow[], now: number): CleanerMark {
  const onSite = jobs.find(({ status }) => ON_SITE.includes(status));
  const enRoute = jobs.find(({ status }) => status === 'en_route');
  const behind = jobs.filter((job) => !isOver(job.status) && lateMinutes(job, now) > 0);
  const late = Math.max(0, ...behind.map((job) => lateMinutes(job, now)));
  return {
    kind: 'cleaner',
    id: row.id,
    name,
    lon: row.lon,
    lat: row.lat,
    doing: onSite !== undefined ? 'on_site' : enRoute !== undefined ? 'en_route' : 'free',
    late,
    job: onSite ?? enRoute ?? behind[0] ?? null,
    heading: row.heading ?? null,
    at: row.at,
    old: now - Date.parse(row.at) > OLD_AFTER_MS,
  };
}

const REACH_PX = 16;

/** The mark under a point: of those within reach the one on top. */
export function markAt(
  marks: readonly Mark[],
  projection: Projection,
  at: { x: number; y: number },
): Mark | null {
  let [best, nearest] = [null as Mark | null, REACH_PX];
  for (const mark of marks) {
    const far = Math.hypot(projection.x(mark.lon) - at.x, projection.y(mark.lat) - at.y);
    // Those drawn later lie above; a little further is still what was meant.
    if (far <= nearest + 2 && far <= REACH_PX) [best, nearest] = [mark, far];
  }
  return best;
}
