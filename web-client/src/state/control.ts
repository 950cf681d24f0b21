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
import { isOver, type Misfit, misfit, workSpan } from './work';

/** A decision of this dispatcher that the view does not show yet. */
export type Intent =
  | { readonly kind: 'assign'; readonly job: string; readonly cleaner: string; readonly seat: number }
  | { readonly kind: 'unassign'; readonly job: string; readonly seat: number | null }
  | {
      readonly kind: 'move';
      readonly job: string;
      readonly start: number;
      /** Who is to have which seat, where that changes as well. */
      readonly to: { readonly cleaner: string; readonly seat: number } | null;
    };

export interface Bar {
  readonly job: JobRow;
  readonly seat: number;
  /** Not yet confirmed. */
  readonly optimistic: boolean;
  /** When it was to begin when it was first seen, where that has changed since. */
  readonly was: number | null;
}

export interface CleanerDay {
  readonly cleaner: CleanerRow;
  readonly shifts: readonly ShiftRow[];
  readonly timeOff: readonly TimeOffRow[];
  readonly bars: readonly Bar[];
  /** How much of the shifts is taken by work and the way there, from 0. */
  readonly load: number;
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

/** Days, lists and maps that are the same as `before` are the very same, so that only what has changed is
 * drawn anew. */
export function boardOf(
  rows: Rows,
  intents: readonly Intent[],
  before: Board | null = null,
  firstStarts: ReadonlyMap<string, number> = NOTHING_SEEN,
): Board {
  const jobs = intents.length === 0 ? rows.job : withIntents(rows.job, intents);
  const bars = barsOf(rows, jobs, firstStarts);
  const shifts = groupBy(rows.shift.values());
  const timeOff = groupBy(rows.time_off.values());
  const known = new Map(before?.days.map((day) => [day.cleaner.id, day] as const));
  const days: CleanerDay[] = [];
  for (const cleaner of byName(rows.cleaner)) {
    const { id } = cleaner;
    const day = {
      cleaner,
      shifts: shifts.get(id) ?? [],
      timeOff: timeOff.get(id) ?? [],
      bars: bars.get(id) ?? [],
    };
    days.push(sameDay(known.get(id), day) ?? { ...day, load: loadOf(day) });
  }
  const queue: JobRow[] = [];
  for (const job of jobs.values()) if (needsCleaner(job)) queue.push(job);
  queue.sort((a, b) => startOf(a) - startOf(b) || a.number - b.number);
  return {
    days: same(before?.days, days),
    queue: same(before?.queue, queue),
    jobs,
    alerts: same(before?.alerts, alertsOf(rows, jobs, before?.alerts ?? [])),
  };
}

const NOTHING_SEEN: ReadonlyMap<string, number> = new Map();
const STARTS = new WeakMap<JobRow, number>();

/** When the work is to begin; read out of the text once per row. */
export function startOf(job: JobRow): number {
  const known = STARTS.get(job);
  if (known !== undefined) return known;
  const start = Date.parse(job.starts_at);
  STARTS.set(job, start);
  return start;
}

function barsOf(
  rows: Rows,
  jobs: ReadonlyMap<string, JobRow>,
  firstStarts: ReadonlyMap<string, number>,
): ReadonlyMap<string, Bar[]> {
  const bars = new Map<string, Bar[]>();
  for (const job of jobs.values()) {
    if (job.status === 'cancelled') continue;
    const told = rows.job.get(job.id);
    const moved = told?.starts_at !== job.starts_at;
    const first = firstStarts.get(job.id);
    const was = first === undefined || first === startOf(job) ? null : first;
    for (let seat = 0; seat < job.seats.length; seat++) {
      const cleaner = job.seats[seat];
      if (cleaner === null || cleaner === undefined) continue;
      const bar = { job, seat, optimistic: moved || told?.seats[seat] !== cleaner, was };
      const list = bars.get(cleaner);
      if (list === undefined) bars.set(cleaner, [bar]);
      else list.push(bar);
    }
  }
  for (const list of bars.values()) {
    list.sort((a, b) => startOf(a.job) - startOf(b.job) || a.job.number - b.job.number);
  }
  return bars;
}

type PlainDay = Omit<CleanerDay, 'load'>;

function sameDay(known: CleanerDay | undefined, day: PlainDay): CleanerDay | null {
  if (known === undefined || known.cleaner !== day.cleaner) return null;
  const { bars } = known;
  if (same(known.shifts, day.shifts) !== known.shifts || same(known.timeOff, day.timeOff) !== known.timeOff)
    return null;
  if (bars.length !== day.bars.length) return null;
  const alike = day.bars.every((bar, i) => {
    const other = bars[i];
    return (
      other !== undefined &&
      other.job === bar.job &&
      other.seat === bar.seat &&
      other.optimistic === bar.optimistic &&
      other.was === bar.was
    );
  });
  return alike ? known : null;
}

/** The list there was, where the other is no different. */
function same<T>(known: readonly T[] | undefined, list: readonly T[]): readonly T[] {
  if (known === undefined || known.length !== list.length) return list;
  return list.every((item, i) => item === known[i]) ? known : list;
}

const ORDERS = new WeakMap<object, readonly CleanerRow[]>();

/** Sorting names is slow, and they hardly ever change. */
function byName(cleaners: Rows['cleaner']): readonly CleanerRow[] {
  const known = ORDERS.get(cleaners);
  if (known !== undefined) return known;
  const ordered = [...cleaners.values()].sort((a, b) => a.name.localeCompare(b.name));
  ORDERS.set(cleaners, ordered);
  return ordered;
}

function loadOf({ shifts, bars }: PlainDay): number {
  const minutes = (list: readonly { starts_at: string; ends_at: string }[]) =>
    list.reduce(
      (sum, { starts_at, ends_at }) => sum + (Date.parse(ends_at) - Date.parse(starts_at)) / 60_000,
      0,
    );
  const room = minutes(shifts);
  const taken = bars.reduce((sum, { job }) => sum + job.duration_minutes + job.travel_buffer_minutes, 0);
  return room === 0 ? 0 : taken / room;
}

const ATTENTION: Record<AlertStatus, number> = { open: 0, acknowledged: 1, snoozed: 2, resolved: 3 };

function alertsOf(
  rows: Rows,
  jobs: ReadonlyMap<string, JobRow>,
  before: readonly Warned[],
): readonly Warned[] {
  const known = new Map(before.map((each) => [each.alert.id, each] as const));
  const warned = [...rows.alert.values()].flatMap((alert) => {
    const job = jobs.get(alert.job);
    if (job === undefined) return [];
    const other = known.get(alert.id);
    return [other?.alert === alert && other.job === job ? other : { alert, job }];
  });
  const urgency = ({ alert }: Warned) => (alert.level === 'urgent' ? 0 : 1);
  return warned.sort(
    (a, b) =>
      ATTENTION[a.alert.status] - ATTENTION[b.alert.status] ||
      urgency(a) - urgency(b) ||
      startOf(a.job) - startOf(b.job) ||
      a.alert.id.localeCompare(b.alert.id),
  );
}

export function needsCleaner(job: JobRow): boolean {
  return !isOver(job.status) && job.seats.includes(null);
}

function withIntents(rows: Rows['job'], intents: readonly Intent[]): ReadonlyMap<string, JobRow> {
  const jobs = new Map<string, JobRow>(rows);
  for (const intent of intents) {
    const job = jobs.get(intent.job);
    if (job !== undefined) jobs.set(job.id, withIntent(job, intent));
  }
  return jobs;
}

function withIntent(job: JobRow, intent: Intent): JobRow {
  const seated = (seat: number, cleaner: string | null) =>
    job.seats.map((sits, at) => (at === seat ? cleaner : sits));
  switch (intent.kind) {
    case 'assign':
      return { ...job, seats: seated(intent.seat, intent.cleaner) };
    case 'unassign':
      return { ...job, seats: intent.seat === null ? job.seats.map(() => null) : seated(intent.seat, null) };
    case 'move': {
      const starts_at = startOf(job) === intent.start ? job.starts_at : new Date(intent.start).toISOString();
      const seats = intent.to === null ? job.seats : seated(intent.to.seat, intent.to.cleaner);
      return { ...job, starts_at, seats };
    }
    default:
      return intent satisfies never;
  }
}

function groupBy<T extends { readonly cleaner: string }>(rows: Iterable<T>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.cleaner);
    if (group === undefined) groups.set(row.cleaner, [row]);
    else group.push(row);
  }
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

const BEFORE_START: readonly JobStatus[] = ['unassigned', 'assigned', 'acknowledged', 'en_route'];

/** By how many minutes the crew should have been there; 0 when it is not late. */
export function lateMinutes(job: JobRow, now: number): number {
  if (!BEFORE_START.includes(job.status)) return 0;
  return Math.max(0, Math.floor((now - Date.parse(job.starts_at)) / 60_000));
}

export function nextStart(board: Board, now: number): number | null {
  const starts = [...board.jobs.values()]
    .filter((job) => !isOver(job.status))
    .map((job) => workSpan(job).from)
    .filter((start) => start > now);
  return starts.length === 0 ? null : Math.min(...starts);
}
