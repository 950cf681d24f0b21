/**
 * A cleaner's day: which job is at hand, what its next step is, and whether an open job fits. The server
 * decides; this only spares people buttons that would say no.
 */
import type { Rows } from '../hub/reducer';
import type { AgendaJobRow, JobStatus, OpenJobRow, Service, ShiftRow, TimeOffRow } from '../wire';
import { distanceKm, type Point } from './geo';

export type WorkCommand =
  | 'job.acknowledge'
  | 'job.depart'
  | 'job.arrive'
  | 'job.start'
  | 'job.pause'
  | 'job.resume'
  | 'job.complete'
  | 'job.no_access'
  | 'job.withdraw';

export interface Steps {
  /** The one step that moves the job on; `null` when it is over. */
  readonly next: WorkCommand | null;
  readonly others: readonly WorkCommand[];
}

export function stepsOf(status: JobStatus): Steps {
  switch (status) {
    case 'assigned':
      return { next: 'job.acknowledge', others: ['job.withdraw'] };
    case 'acknowledged':
      return { next: 'job.depart', others: ['job.withdraw'] };
    case 'en_route':
      return { next: 'job.arrive', others: [] };
    case 'arrived':
      return { next: 'job.start', others: ['job.no_access'] };
    case 'in_progress':
      return { next: 'job.complete', others: ['job.pause'] };
    case 'paused':
      return { next: 'job.resume', others: ['job.complete'] };
    case 'cleaner_no_show':
      return { next: 'job.depart', others: [] };
    case 'unassigned':
    case 'completed':
    case 'verified':
    case 'cancelled':
    case 'no_access':
      return { next: null, others: [] };
    default:
      return status satisfies never;
  }
}

/** Whether a cleaner is at work: on a job, or on duty within a shift. */
export function isAtWork(
  { cleaner, agenda_job, shift }: Pick<Rows, 'cleaner' | 'agenda_job' | 'shift'>,
  now: number,
): boolean {
  if ([...agenda_job.values()].some((job) => UNDER_WAY.includes(job.status))) return true;
  const onDuty = [...cleaner.values()].some(({ duty }) => duty === 'on');
  const within = (row: ShiftRow) => Date.parse(row.starts_at) <= now && now < Date.parse(row.ends_at);
  return onDuty && [...shift.values()].some(within);
}

/** What cannot be taken back is asked for with a long press. */
export function needsHold(command: WorkCommand): boolean {
  return command === 'job.complete' || command === 'job.no_access';
}

const UNDER_WAY: readonly JobStatus[] = ['en_route', 'arrived', 'in_progress', 'paused'];
const OVER: readonly JobStatus[] = ['completed', 'verified', 'cancelled', 'no_access', 'cleaner_no_show'];

export function isOver(status: JobStatus): boolean {
  return OVER.includes(status);
}

export interface Today {
  readonly current: AgendaJobRow | null;
  readonly later: readonly AgendaJobRow[];
  readonly done: readonly AgendaJobRow[];
}

/** The job under way, or else the next one; then the rest of the day in order. One that nobody came to can
 * still be saved, but is at hand only where nothing else is. */
export function todayOf(jobs: Iterable<AgendaJobRow>, date: string): Today {
  const ordered = byStart([...jobs]);
  const today = ordered.filter((job) => job.local_date === date);
  const goesOn = today.filter((job) => stepsOf(job.status).next !== null);
  const underWay = ordered.find((job) => UNDER_WAY.includes(job.status));
  const current = underWay ?? goesOn.find((job) => !isOver(job.status)) ?? goesOn[0] ?? null;
  return {
    current,
    later: goesOn.filter((job) => job !== current),
    done: today.filter((job) => stepsOf(job.status).next === null),
  };
}

export function byStart<T extends { readonly starts_at: string }>(jobs: T[]): T[] {
  return jobs.sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
}

const MINUTE = 60_000;

export interface Span {
  readonly from: number;
  readonly to: number;
}

type Timed = Pick<AgendaJobRow, 'starts_at' | 'duration_minutes' | 'travel_buffer_minutes'>;

/** The work itself. */
export function workSpan(job: Omit<Timed, 'travel_buffer_minutes'>): Span {
  const from = Date.parse(job.starts_at);
  return { from, to: from + job.duration_minutes * MINUTE };
}

/** Work with the way there before it: what the cleaner's time is taken by. */
export function busySpan(job: Timed): Span {
  const { from, to } = workSpan(job);
  return { from: from - job.travel_buffer_minutes * MINUTE, to };
}

export function overlaps(a: Span, b: Span): boolean {
  return a.from < b.to && b.from < a.to;
}

function spanOf(row: ShiftRow | TimeOffRow): Span {
  return { from: Date.parse(row.starts_at), to: Date.parse(row.ends_at) };
}

export type Misfit =
  | { readonly kind: 'skill'; readonly missing: readonly string[] }
  | { readonly kind: 'overlap' }
  | { readonly kind: 'time_off' }
  | { readonly kind: 'outside_shift' };

export interface Day {
  readonly skills: readonly string[];
  readonly shifts: readonly ShiftRow[];
  readonly timeOff: readonly TimeOffRow[];
  readonly jobs: readonly Timed[];
}

/** Why a cleaner cannot do a job; `null` when it fits. */
export function misfit(job: Timed, service: Service | undefined, day: Day): Misfit | null {
  const missing = (service?.skills ?? []).filter((skill) => !day.skills.includes(skill));
  if (missing.length > 0) return { kind: 'skill', missing };
  const busy = busySpan(job);
  if (day.jobs.some((other) => overlaps(busySpan(other), busy))) return { kind: 'overlap' };
  if (day.timeOff.some((row) => overlaps(spanOf(row), busy))) return { kind: 'time_off' };
  const covered = day.shifts.some((shift) => {
    const { from, to } = spanOf(shift);
    return from <= busy.from && busy.to <= to;
  });
  return covered ? null : { kind: 'outside_shift' };
}

/** The own job closest in time on the same day, and how far away the open one is from it. */
export function nearestOwn(
  job: OpenJobRow,
  jobs: readonly AgendaJobRow[],
): { readonly job: AgendaJobRow; readonly km: number } | null {
  const at = Date.parse(job.starts_at);
  const gap = (own: AgendaJobRow) => Math.abs(Date.parse(own.starts_at) - at);
  const close = jobs.filter((own) => gap(own) < 12 * 60 * MINUTE).sort((a, b) => gap(a) - gap(b))[0];
  if (close === undefined) return null;
  return { job: close, km: distanceKm(pointOf(job), pointOf(close)) };
}

function pointOf({ lon, lat }: Point): Point {
  return { lon, lat };
}
