/** A large day of a zone, made up: cleaners with shifts, jobs as a real day has them, and changes to it. */
import type { CleanerRow, JobRow, JobStatus, Row, Service, ShiftRow, Zone } from '../src/wire';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const FIRST = ['Anna', 'Boris', 'Clara', 'Dmitri', 'Elena', 'Farid', 'Greta', 'Hanna', 'Igor', 'Julia'];
const LAST = ['Lang', 'Orlova', 'Berg', 'Petrova', 'Schmidt', 'Kaya', 'Novak', 'Weber', 'Sokolov', 'Fischer'];
const STATUSES: readonly JobStatus[] = ['assigned', 'acknowledged', 'en_route', 'in_progress', 'completed'];

const allDay = { opens: 6 * 60, closes: 22 * 60 };
export const ZONE: Zone = {
  slug: 'center',
  name: 'Center',
  polygon: [
    [13, 52],
    [14, 52],
    [14, 53],
    [13, 53],
    [13, 52],
  ],
  time_zone: 'UTC',
  opening_hours: [allDay, allDay, allDay, allDay, allDay, allDay, allDay],
  version: 1,
};

export const SERVICE: Service = {
  slug: 'standard',
  name: 'Standard clean',
  duration_minutes: 120,
  crew_size: 1,
  skills: [],
  travel_buffer_minutes: 30,
  lead_time_minutes: 0,
  booking_window_days: 30,
  slot_step_minutes: 30,
  price_minor: 9000,
  currency: 'EUR',
  active: true,
  version: 1,
};

/** The same from run to run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const uuid = (kind: number, number: number): string =>
  `019a0000-${kind.toString(16).padStart(4, '0')}-7000-8000-${number.toString(16).padStart(12, '0')}`;

export class Day {
  readonly cleaners: readonly CleanerRow[];
  readonly shifts: readonly ShiftRow[];
  readonly jobs: JobRow[];
  private readonly roll = dice(7);

  constructor(
    readonly date: string,
    cleaners: number,
    jobs: number,
  ) {
    const midnight = Date.parse(`${date}T00:00:00Z`);
    const at = (ms: number) => new Date(midnight + ms).toISOString();
    this.cleaners = Array.from({ length: cleaners }, (_, i) => ({
      id: uuid(1, i),
      version: 1,
      name: `${FIRST[i % 10]} ${LAST[Math.floor(i / 10) % 10]} ${Math.floor(i / 100) + 1}`,
      phone: '+49 30 1234567',
      zones: ['center'],
      skills: [],
      duty: 'on',
      active: true,
    }));
    this.shifts = this.cleaners.map((cleaner, i) => ({
      id: uuid(2, i),
      version: 1,
      cleaner: cleaner.id,
      zone: 'center',
      local_date: date,
      starts_at: at(6 * HOUR),
      ends_at: at(22 * HOUR),
      template: null,
    }));
    this.jobs = Array.from({ length: jobs }, (_, i) => this.job(i, at));
  }

  private job(i: number, at: (ms: number) => string): JobRow {
    const open = i % 20 === 0;
    const cleaner = this.cleaners[i % this.cleaners.length]?.id ?? null;
    const round = Math.floor(i / this.cleaners.length);
    return {
      id: uuid(3, i),
      version: 1,
      number: 1000 + i,
      status: open ? 'unassigned' : (STATUSES[i % STATUSES.length] ?? 'assigned'),
      at_risk: i % 60 === 0,
      service: 'standard',
      starts_at: at(7 * HOUR + round * 3 * HOUR + (i % 4) * 15 * MINUTE),
      duration_minutes: 120,
      travel_buffer_minutes: 30,
      seats: [open ? null : cleaner],
      lead: open ? null : cleaner,
      booking: uuid(4, i),
      booking_version: 1,
      booking_status: 'confirmed',
      customer: uuid(5, i),
      customer_name: `Customer ${LAST[i % 10]} ${i}`,
      customer_phone: '+49 30 7654321',
      address: `${i} Kaiserin-Augusta-Allee, Berlin`,
      district: 'Charlottenburg',
      access_notes: 'Ring twice, the key is with the neighbour on the left.',
      lon: 13.4 + (i % 30) / 100,
      lat: 52.5 + (i % 20) / 100,
      times: { assigned: at(5 * HOUR) },
    };
  }

  rows(): Row[] {
    return [
      ...this.cleaners.map((row): Row => ({ kind: 'cleaner', ...row })),
      ...this.shifts.map((row): Row => ({ kind: 'shift', ...row })),
      ...this.jobs.map((row): Row => ({ kind: 'job', ...row })),
    ];
  }

  /** What another dispatcher or a cleaner does: mostly steps of work, some moves, some other cleaners. */
  change(): Row {
    const i = Math.floor(this.roll() * this.jobs.length);
    const job = this.jobs[i];
    if (job === undefined) throw new Error('a day without jobs does not change');
    const kind = this.roll();
    const next: JobRow = { ...job, version: job.version + 1, ...this.changed(job, kind) };
    this.jobs[i] = next;
    return { kind: 'job', ...next };
  }

  private changed(job: JobRow, kind: number): Partial<JobRow> {
    if (kind < 0.7) return { status: STATUSES[Math.floor(this.roll() * STATUSES.length)] ?? 'assigned' };
    if (kind < 0.85) {
      const by = this.roll() < 0.5 ? -15 : 15;
      return { starts_at: new Date(Date.parse(job.starts_at) + by * MINUTE).toISOString() };
    }
    const cleaner = this.cleaners[Math.floor(this.roll() * this.cleaners.length)]?.id ?? null;
    return { seats: [cleaner], lead: cleaner, status: 'assigned' };
  }

  /** Renames the customer of a job that is on the first rows, so that it can be looked for. */
  probe(name: string): Row {
    const at = 1;
    const job = this.jobs[at];
    if (job === undefined) throw new Error('a day without jobs cannot be probed');
    const cleaner = this.cleaners[0]?.id ?? null;
    const next: JobRow = {
      ...job,
      version: job.version + 1,
      customer_name: name,
      seats: [cleaner],
      starts_at: `${this.date}T12:00:00Z`,
    };
    this.jobs[at] = next;
    return { kind: 'job', ...next };
  }
}
