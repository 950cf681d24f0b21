/**
 * The board as the page holds it: fed with the channels' rows at most once per animation frame, telling
 * only those whose part has changed. Rows of the timeline watch their cleaner, panels watch the board. All
 * that is worked out is worked out by pure functions; this keeps the last result and the list of listeners.
 */
import { NO_ROWS, type Rows } from '../hub/reducer';
import type { JobRow } from '../wire';
import { type Board, boardOf, type CleanerDay, type Intent, startOf } from './control';

/** Several days of a zone as one: what is on more than one of them is there once. */
export function joinRows(
  days: readonly Rows[],
  before: { days: readonly Rows[]; joined: Rows } | null,
): Rows {
  const [first] = days;
  if (first === undefined) return NO_ROWS;
  if (days.length === 1) return first;
  const join = <K extends 'cleaner' | 'shift' | 'time_off' | 'job' | 'alert'>(kind: K): Rows[K] => {
    if (before !== null && days.every((rows, i) => rows[kind] === before.days[i]?.[kind])) {
      return before.joined[kind];
    }
    const all = new Map<string, { readonly version: number }>();
    for (const rows of days) {
      const some: ReadonlyMap<string, { readonly version: number }> = rows[kind];
      for (const [id, row] of some) {
        const known = all.get(id);
        if (known === undefined || known.version < row.version) all.set(id, row);
      }
    }
    return all as unknown as Rows[K];
  };
  return {
    ...NO_ROWS,
    cleaner: join('cleaner'),
    shift: join('shift'),
    time_off: join('time_off'),
    job: join('job'),
    alert: join('alert'),
  };
}

const EMPTY = boardOf(NO_ROWS, []);

export class BoardStore {
  private rows: Rows = NO_ROWS;
  private intents: readonly Intent[] = [];
  private hurries = false;
  /** Feeds it with what has come since; set by who feeds it. */
  source: (() => void) | null = null;
  private board: Board = EMPTY;
  private byCleaner: ReadonlyMap<string, CleanerDay> = new Map();
  private readonly firstStarts = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private readonly dayListeners = new Map<string, Set<() => void>>();

  get value(): Board {
    return this.board;
  }

  day = (cleaner: string): CleanerDay | null => this.byCleaner.get(cleaner) ?? null;

  /** As the board shows it, with one's own decisions in it. */
  job = (id: string): JobRow | null => this.board.jobs.get(id) ?? null;

  /** As the server has told it. */
  told = (id: string): JobRow | null => this.rows.job.get(id) ?? null;

  /** Whether the rows are others than before. */
  feed(rows: Rows): boolean {
    if (rows === this.rows) return false;
    if (rows.job !== this.rows.job) this.noteStarts(rows);
    this.rows = rows;
    this.settle();
    return true;
  }

  /** While listeners are told of a decision of one's own, which is not to wait. */
  get urgent(): boolean {
    return this.hurries;
  }

  /** Tells the listeners of the board: something beside it has changed. */
  touch(): void {
    this.board = { ...this.board };
    this.hurry(() => this.tellAll());
  }

  intend(intent: Intent): void {
    this.intents = [...this.intents, intent];
    this.hurry(() => this.settle());
  }

  /** The decision has been answered: what came of it is shown in its place. */
  forget(intent: Intent): void {
    this.source?.();
    this.intents = this.intents.filter((other) => other !== intent);
    this.hurry(() => this.settle());
  }

  private hurry(task: () => void): void {
    this.hurries = true;
    try {
      task();
    } finally {
      this.hurries = false;
    }
  }

  private tellAll(): void {
    for (const tell of [...this.listeners]) tell();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Tells of changes to one cleaner's day. */
  subscribeDay(cleaner: string, listener: () => void): () => void {
    const known = this.dayListeners.get(cleaner) ?? new Set();
    this.dayListeners.set(cleaner, known);
    known.add(listener);
    return () => {
      known.delete(listener);
      if (known.size === 0) this.dayListeners.delete(cleaner);
    };
  }

  private noteStarts(rows: Rows): void {
    for (const job of rows.job.values()) {
      if (!this.firstStarts.has(job.id)) this.firstStarts.set(job.id, startOf(job));
    }
    if (this.firstStarts.size <= 2 * rows.job.size + 64) return;
    for (const id of this.firstStarts.keys()) if (!rows.job.has(id)) this.firstStarts.delete(id);
  }

  private settle(): void {
    const before = this.board;
    this.board = boardOf(this.rows, this.intents, before, this.firstStarts);
    if (this.board.days !== before.days) {
      const known = this.byCleaner;
      this.byCleaner = new Map(this.board.days.map((day) => [day.cleaner.id, day] as const));
      for (const [cleaner, listeners] of [...this.dayListeners]) {
        if (known.get(cleaner) !== this.byCleaner.get(cleaner)) for (const tell of [...listeners]) tell();
      }
    }
    this.tellAll();
  }
}
