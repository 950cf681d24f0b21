/**
 * The control room's reading of a zone's day: what waits for a cleaner, who does what when, whom a job
 * could go to, and what the day looks like while a decision of one's own is on its way. Pure.
 */
import type { Rows } from '../hub/reducer';
import type {
  AlertRow,
  AlertStatus,
  CleanerRow,
  JobRow,
  JobStatus,
  Service,
  ShiftRow,
  TimeOffRow,
} from '../wire';
import { busySpan, isOver, type Misfit, misfit, type Span, workSpan } from './work';

/** A decision of this dispatcher that the view does not show yet. */
export type Intent =
  | { readonly kind: 'assign'; readonly job: string; readonly cleaner: string; readonly seat: number }
  | { readonly kind: 'unassign'; readonly job: string; readonly seat: number };

export interface Bar {
  readonly job: JobRow;
  readonly seat: number;
  /** Not yet confirmed. */
  readonly optimistic: boolean;
}

export interface CleanerDay {
  readonly cleaner: CleanerRow;
  readonly shifts: readonly ShiftRow[];
  readonly timeOff: readonly TimeOffRow[];
  readonly bars: readonly Bar[];
}

/** An alert with the job it is about. */
export interface Warned {
  readonly alert: AlertRow;
  readonly job: JobRow;
}

export interface Board {
  readonly days: readonly CleanerDay[];
  /** Jobs with a seat to fill, by start. */
  readonly queue: readonly JobRow[];
  readonly jobs: ReadonlyMap<string, JobRow>;
  /** Unresolved, the most pressing first. */
  readonly alerts: readonly Warned[];
}

export function boardOf(rows: Rows, intents: readonly Intent[]): Board {
  const jobs = new Map([...rows.job].map(([id, job]) => [id, withIntents(job, intents)] as const));
  const ordered = [...jobs.values()].sort(
    (a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at) || a.number - b.number,
  );
  const bars = new Map<string, Bar[]>();
  for (const job of ordered) {
    if (job.status === 'cancelled') continue;
    job.seats.forEach((cleaner, seat) => {
      if (cleaner === null) return;
      const optimistic = rows.job.get(job.id)?.seats[seat] !== cleaner;
      bars.set(cleaner, [...(bars.get(cleaner) ?? []), { job, seat, optimistic }]);
    });
  }
  const shifts = groupBy(rows.shift.values());
  const timeOff = groupBy(rows.time_off.values());
  const days = [...rows.cleaner.values()]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((cleaner) => ({
      cleaner,
      shifts: shifts.get(cleaner.id) ?? [],
      timeOff: timeOff.get(cleaner.id) ?? [],
      bars: bars.get(cleaner.id) ?? [],
    }));
  return { days, queue: ordered.filter(needsCleaner), jobs, alerts: alertsOf(rows, jobs) };
}

const ATTENTION: Record<AlertStatus, number> = { open: 0, acknowledged: 1, snoozed: 2, resolved: 3 };

function alertsOf(rows: Rows, jobs: ReadonlyMap<string, JobRow>): readonly Warned[] {
  const warned = [...rows.alert.values()].flatMap((alert) => {
    const job = jobs.get(alert.job);
    return job === undefined ? [] : [{ alert, job }];
  });
  const urgency = ({ alert }: Warned) => (alert.level === 'urgent' ? 0 : 1);
  return warned.sort(
    (a, b) =>
      ATTENTION[a.alert.status] - ATTENTION[b.alert.status] ||
      urgency(a) - urgency(b) ||
      Date.parse(a.job.starts_at) - Date.parse(b.job.starts_at) ||
      a.alert.id.localeCompare(b.alert.id),
  );
}

export function needsCleaner(job: JobRow): boolean {
  return !isOver(job.status) && job.seats.includes(null);
}

function withIntents(job: JobRow, intents: readonly Intent[]): JobRow {
  const own = intents.filter((intent) => intent.job === job.id);
  if (own.length === 0) return job;
  const seats = [...job.seats];
  for (const intent of own) seats[intent.seat] = intent.kind === 'assign' ? intent.cleaner : null;
  return { ...job, seats };
}

function groupBy<T extends { readonly cleaner: string }>(rows: Iterable<T>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(row.cleaner, [...(groups.get(row.cleaner) ?? []), row]);
  return groups;
}

/** The seat that an assignment fills: a free one, or else the first; of a crew that did not come the lead's. */
export function seatFor(job: JobRow): number {
  if (job.status === 'cleaner_no_show') return Math.max(job.seats.indexOf(job.lead), 0);
  const free = job.seats.indexOf(null);
  return free === -1 ? 0 : free;
}

export type Obstacle = Misfit | { readonly kind: 'inactive' } | { readonly kind: 'crew' };

/** The crew may be taken off: it has not set out, or did not come to a visit that can still be saved. */
export function mayVacate(job: JobRow): boolean {
  return job.status === 'assigned' || job.status === 'acknowledged' || mayBeSaved(job);
}

/** Nobody came, and the time of the visit is not over. */
export function mayBeSaved(job: JobRow): boolean {
  return job.status === 'cleaner_no_show' && job.booking_status === 'confirmed';
}

/** Why a job cannot go to a cleaner as far as this page can see; `null` when it may. */
export function obstacle(job: JobRow, day: CleanerDay, service: Service | undefined): Obstacle | null {
  if (job.seats.includes(day.cleaner.id)) return { kind: 'crew' };
  if (!day.cleaner.active) return { kind: 'inactive' };
  return misfit(job, service, {
    skills: day.cleaner.skills,
    shifts: day.shifts,
    timeOff: day.timeOff,
    jobs: day.bars.filter((bar) => bar.job.id !== job.id && !isOver(bar.job.status)).map((bar) => bar.job),
  });
}

const HOUR = 3_600_000;
const BEFORE_START: readonly JobStatus[] = ['unassigned', 'assigned', 'acknowledged', 'en_route'];

/** By how many minutes the crew should have been there; 0 when it is not late. */
export function lateMinutes(job: JobRow, now: number): number {
  if (!BEFORE_START.includes(job.status)) return 0;
  return Math.max(0, Math.floor((now - Date.parse(job.starts_at)) / 60_000));
}

/** The span with the hours around `hour`, so that the line of now never stands at an edge. */
export function withAround(span: Span, hour: number | null): Span {
  if (hour === null) return span;
  return { from: Math.min(span.from, hour - HOUR), to: Math.max(span.to, hour + 2 * HOUR) };
}

/** Full hours that hold everything there is, and never less than the span `least`. */
export function axisOf(board: Board, least: Span): Span {
  let { from, to } = least;
  const hold = (span: Span) => {
    from = Math.min(from, span.from);
    to = Math.max(to, span.to);
  };
  for (const job of board.jobs.values()) if (job.status !== 'cancelled') hold(busySpan(job));
  for (const day of board.days) {
    for (const shift of day.shifts)
      hold({ from: Date.parse(shift.starts_at), to: Date.parse(shift.ends_at) });
  }
  return { from: Math.floor(from / HOUR) * HOUR, to: Math.ceil(to / HOUR) * HOUR };
}

export function nextStart(board: Board, now: number): number | null {
  const starts = [...board.jobs.values()]
    .filter((job) => !isOver(job.status))
    .map((job) => workSpan(job).from)
    .filter((start) => start > now);
  return starts.length === 0 ? null : Math.min(...starts);
}
