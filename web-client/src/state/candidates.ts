/**
 * Who could take a job, out of the server's own answer (`job.targets`) and the day as this page sees it:
 * those who can as it stands first, then those who could at another time, then those who cannot, each
 * with the first reason against. Pure.
 */
import type { Rejection, Targets } from '../wire';
import type { CleanerDay } from './control';
import { isOver } from './work';

export interface Candidate {
  readonly id: string;
  readonly name: string;
  /** On this job already, with this seat. */
  readonly seat: number | null;
  /** The first reason against the time that the job has; `null` where it can be given to them. */
  readonly against: Rejection | null;
  /** Other times at which they could, the nearest first. */
  readonly others: readonly string[];
  /** What they have on this day already. */
  readonly jobs: number;
  readonly minutes: number;
}

export interface Candidates {
  readonly able: readonly Candidate[];
  /** At another time. */
  readonly otherwise: readonly Candidate[];
  readonly unable: readonly Candidate[];
  /** Cleaners of the zone who have no shift on this day, and nothing is known of here. */
  readonly away: number;
}

const NO_CANDIDATES: Candidates = { able: [], otherwise: [], unable: [], away: 0 };
const OTHER_TIMES = 3;

interface Asked {
  readonly startsAt: string;
  readonly seats: readonly (string | null)[];
}

export function candidatesOf(
  targets: Targets | null,
  days: readonly CleanerDay[],
  { startsAt, seats }: Asked,
): Candidates {
  if (targets === null) return NO_CANDIDATES;
  const known = new Map(days.map((day) => [day.cleaner.id, day] as const));
  const start = Date.parse(startsAt);
  const far = (at: string) => Math.abs(Date.parse(at) - start);
  const found: Candidate[] = [];
  let away = 0;
  for (const { cleaner, starts, against } of targets.cleaners) {
    const day = known.get(cleaner);
    if (day === undefined) {
      away += 1;
      continue;
    }
    const jobs = day.bars.map(({ job }) => job).filter((job) => !isOver(job.status));
    const seat = seats.indexOf(cleaner);
    found.push({
      id: cleaner,
      name: day.cleaner.name,
      seat: seat === -1 ? null : seat,
      against,
      others: starts
        .filter((at) => Date.parse(at) !== start)
        .sort((a, b) => far(a) - far(b))
        .slice(0, OTHER_TIMES),
      jobs: jobs.length,
      minutes: jobs.reduce((sum, job) => sum + job.duration_minutes, 0),
    });
  }
  // Whoever has the least to do comes first: a hint for fairness, and no score.
  found.sort((a, b) => a.minutes - b.minutes || a.name.localeCompare(b.name));
  const free = found.filter(({ seat }) => seat === null);
  return {
    able: free.filter(({ against }) => against === null),
    otherwise: free.filter(({ against, others }) => against !== null && others.length > 0),
    unable: free.filter(({ against, others }) => against !== null && others.length === 0),
    away,
  };
}
