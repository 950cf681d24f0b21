/**
 * What the control room shows of its day: some states, services, cleaners or skills, what is at risk, what
 * bears a text. It lives in the address, so that it survives a reload and can be sent to a colleague. Two
 * kinds of wishes: about jobs (queue, bars, counts) and about cleaners (rows). A bar that is not wished for
 * still takes its cleaner's time, so it is shown quiet and not left out. Pure.
 */
import type { CleanerRow, JobRow, JobStatus } from '../wire';

export interface Filter {
  readonly text: string;
  readonly statuses: readonly JobStatus[];
  readonly services: readonly string[];
  /** Ids. */
  readonly cleaners: readonly string[];
  /** All of them are wanted of a cleaner. */
  readonly skills: readonly string[];
  readonly atRisk: boolean;
}

export const NO_FILTER: Filter = {
  text: '',
  statuses: [],
  services: [],
  cleaners: [],
  skills: [],
  atRisk: false,
};

const STATUSES: Record<JobStatus, true> = {
  unassigned: true,
  assigned: true,
  acknowledged: true,
  en_route: true,
  arrived: true,
  in_progress: true,
  paused: true,
  completed: true,
  verified: true,
  cancelled: true,
  no_access: true,
  cleaner_no_show: true,
};
export const ALL_STATUSES = Object.keys(STATUSES) as readonly JobStatus[];

const LONGEST_TEXT = 100;

/** The filter that an address bears; what it says and nobody knows is left out. */
export function filterFrom(search: URLSearchParams): Filter {
  const list = (key: string) => [
    ...new Set((search.get(key) ?? '').split(',').filter((each) => each !== '')),
  ];
  return {
    text: (search.get('q') ?? '').slice(0, LONGEST_TEXT),
    statuses: list('status').filter((each): each is JobStatus => Object.hasOwn(STATUSES, each)),
    services: list('service'),
    cleaners: list('cleaner'),
    skills: list('skill'),
    atRisk: search.get('risk') === '1',
  };
}

/** Parameters of the address that say so; `null` for those to leave out. */
export function searchOf(filter: Filter): Record<string, string | null> {
  const list = (values: readonly string[]) => (values.length === 0 ? null : values.join(','));
  return {
    q: filter.text === '' ? null : filter.text,
    status: list(filter.statuses),
    service: list(filter.services),
    cleaner: list(filter.cleaners),
    skill: list(filter.skills),
    risk: filter.atRisk ? '1' : null,
  };
}

/** How many wishes it holds. */
export function wishes(filter: Filter): number {
  const lists = [filter.statuses, filter.services, filter.cleaners, filter.skills];
  const held = lists.reduce((sum, list) => sum + list.length, 0);
  return held + (filter.text.trim() === '' ? 0 : 1) + (filter.atRisk ? 1 : 0);
}

export interface Matcher {
  /** Nothing is left out. */
  readonly all: boolean;
  /** Whether a job is wished for, of those who are on it. */
  job(job: JobRow, crew: readonly CleanerRow[]): boolean;
  /** Whether a cleaner is wished for, whatever their jobs: the rows while a job is being given to somebody. */
  staff(cleaner: CleanerRow): boolean;
  /** Whether a cleaner's row is shown, with these jobs on it: wishes about jobs leave out rows without any. */
  row(cleaner: CleanerRow, jobs: readonly JobRow[]): boolean;
}

export function matcher(filter: Filter): Matcher {
  const text = plain(filter.text);
  const aboutJobs = filter.statuses.length > 0 || filter.services.length > 0 || filter.atRisk;
  const among = <T extends string>(wanted: readonly T[], value: T) =>
    wanted.length === 0 || wanted.includes(value);
  const staff = (cleaner: CleanerRow) =>
    among(filter.cleaners, cleaner.id) && filter.skills.every((skill) => cleaner.skills.includes(skill));
  const kind = (job: JobRow) =>
    among(filter.statuses, job.status) &&
    among(filter.services, job.service) &&
    (!filter.atRisk || job.at_risk);
  const named = (cleaner: CleanerRow) => plain(cleaner.name).includes(text);
  return {
    all: wishes(filter) === 0,
    staff,
    job: (job, crew) => {
      if (!kind(job)) return false;
      if (crew.length > 0 ? !crew.some(staff) : filter.cleaners.length > 0) return false;
      return text === '' || wordsOf(job).includes(text) || crew.some(named);
    },
    row: (cleaner, jobs) => {
      if (!staff(cleaner)) return false;
      const named = text === '' || plain(cleaner.name).includes(text);
      if (named && !aboutJobs) return true;
      return jobs.some((job) => kind(job) && (named || wordsOf(job).includes(text)));
    },
  };
}

function wordsOf(job: JobRow): string {
  const { number, customer_name, customer_phone, address, district } = job;
  return plain(`j-${number} ${customer_name ?? ''} ${customer_phone ?? ''} ${address} ${district}`);
}

/** Small letters without accents, the blanks between them alike. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/gu, ' ').trim();
}
