/**
 * Today and tomorrow as they were last heard, kept on the device: shown at once at the next start, and all
 * there is without a network. No more than these two days: addresses and how to get in are other people's.
 */
import type { Keep, KeptDay } from '../hub/keep';
import { Observable } from '../hub/observable';
import { applyBody, NO_ROWS, type Rows } from '../hub/reducer';
import type { ViewState } from '../hub/view';
import type { Row, Zone } from '../wire';
import type { CatalogState } from './catalogs';
import { addDays, localDate } from './zoned';

const SAVE_AFTER_MS = 500;

export type Remembered =
  | { readonly kind: 'looking' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'day'; readonly day: KeptDay; readonly rows: Rows };

export class OfflineDay {
  readonly remembered = new Observable<Remembered>({ kind: 'looking' });
  private due: ReturnType<typeof setTimeout> | null = null;
  private latest: KeptDay | null = null;

  constructor(
    private readonly account: string,
    private readonly keep: Keep,
    private readonly now: () => number,
  ) {}

  async start(): Promise<void> {
    const day = await this.keep.day(this.account).catch(() => null);
    this.remembered.set(day === null ? { kind: 'nothing' } : { kind: 'day', day, rows: rowsOf(day) });
  }

  /** Something was heard: it is kept soon, with what else was heard until then. */
  heard(view: ViewState, catalogs: CatalogState): void {
    if (view.phase.kind !== 'live' || view.content.kind !== 'rows' || catalogs.kind !== 'ready') return;
    if (view.at === null) return;
    const { zones, services } = catalogs;
    const rows = worthKeeping(view.content.rows, zones, this.now());
    this.latest = { account: this.account, at: view.at, rows, zones, services };
    this.due ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  close(): void {
    if (this.due !== null) clearTimeout(this.due);
    this.due = null;
  }

  private save(): void {
    this.due = null;
    // Where nothing can be kept, nothing is shown the next time.
    if (this.latest !== null) this.keep.keepDay(this.latest).catch(() => undefined);
  }
}

function rowsOf(day: KeptDay): Rows {
  return applyBody(NO_ROWS, { at: day.at, set: [...day.rows], unset: [] });
}

/** The rows of today and tomorrow, by the clocks of their zones; shifts and time off tell nothing of others. */
export function worthKeeping(rows: Rows, zones: readonly Zone[], now: number): readonly Row[] {
  const near = (zone: string, date: string) => {
    const timeZone = zones.find(({ slug }) => slug === zone)?.time_zone ?? 'UTC';
    const today = localDate(now, timeZone);
    return date >= today && date <= addDays(today, 1);
  };
  const underWay = (status: string) => ['en_route', 'arrived', 'in_progress', 'paused'].includes(status);
  const jobs = [...rows.agenda_job.values()].filter(
    (job) => near(job.zone, job.local_date) || underWay(job.status),
  );
  return [...rows.cleaner.values(), ...rows.shift.values(), ...rows.time_off.values(), ...jobs];
}
