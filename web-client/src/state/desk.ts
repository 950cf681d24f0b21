/**
 * A dispatcher's desk: what is chosen, selected and being placed, the decisions that are on their way, how
 * to take them back, and what came in between. Knows the hub as three functions and the screen not at all.
 */
import { Observable } from '../hub/observable';
import type { Objection, Outcome } from '../hub/outcome';
import { authorOf } from '../hub/reducer';
import type { CommandKind, CommandKinds, JobRow, Service, Targets } from '../wire';
import type { BoardStore } from './boardStore';
import { needsCleaner, startOf } from './control';
import {
  type Answered,
  judge,
  nearestStart,
  type Reason,
  readTargets,
  type Verdict,
  worst,
} from './legality';
import { type Change, changeBetween, planOf, type Wish } from './wishes';

/** Jobs that are being given a place. */
export interface Placing {
  readonly kind: 'assign' | 'move';
  readonly jobs: readonly string[];
  /** Where the first of them would go. */
  readonly cleaner: string | null;
  readonly start: number | null;
}

/** Jobs in the air, and where they would land. */
export interface Flight {
  readonly jobs: readonly string[];
  /** The seat that the first is taken from; `null` comes from the queue. */
  readonly seat: number | null;
  readonly x: number;
  readonly y: number;
  readonly cleaner: string | null;
  readonly start: number;
}

export type Fix =
  | { readonly kind: 'show'; readonly job: string }
  | { readonly kind: 'anyway'; readonly wish: Wish }
  | { readonly kind: 'again'; readonly wish: Wish }
  | { readonly kind: 'at'; readonly wish: Wish; readonly start: number }
  | { readonly kind: 'to'; readonly wish: Wish; readonly cleaner: string };

export type Cause =
  | { readonly kind: 'rule'; readonly reason: Reason }
  | { readonly kind: 'objection'; readonly objection: Objection }
  | { readonly kind: 'changed'; readonly by: string | null; readonly change: Change };

/** Something that did not come about, and what can be done. */
export interface Setback {
  readonly job: JobRow;
  readonly cleaner: string | null;
  readonly cause: Cause;
  readonly fixes: readonly Fix[];
  /** It was to take something back. */
  readonly undoing: boolean;
  /** How many more jobs met the same. */
  readonly others: number;
}

export interface Done {
  readonly kind: 'assigned' | 'moved' | 'unassigned' | 'undone';
  readonly jobs: readonly JobRow[];
  readonly cleaner: string | null;
  readonly start: number | null;
}

export interface DeskState {
  readonly chosen: string | null;
  readonly selected: ReadonlySet<string>;
  readonly placing: Placing | null;
  readonly flight: Flight | null;
  readonly setback: Setback | null;
  /** Counts answers to questions about targets, so that what was judged is judged anew. */
  readonly answers: number;
}

const AT_REST: DeskState = {
  chosen: null,
  selected: new Set(),
  placing: null,
  flight: null,
  setback: null,
  answers: 0,
};

export interface DeskOptions {
  readonly me: string;
  readonly store: BoardStore;
  readonly services: readonly Service[];
  readonly now: () => number;
  readonly mayDispatch: boolean;
  /** What is shown is new enough to move things on it before the server has said so. */
  readonly trusted: () => boolean;
  readonly command: <K extends CommandKind>(kind: K, parameters: CommandKinds[K]) => Promise<Outcome>;
  /** Of all starts of the job's day, or of one; `null` where there was no answer. */
  readonly targets: (job: string, start: string | null) => Promise<Targets | null>;
  /** The local day that an instant is on. */
  readonly dayOf: (at: number) => { readonly from: number; readonly to: number };
}

/** One step that was taken, with the version its job had after it. */
interface Taken {
  readonly before: JobRow;
  readonly version: number | null;
  readonly back: readonly Wish[];
}

const UNDO_DEPTH = 30;
/** Targets are asked for of so many jobs that are carried at once; the others are looked at here. */
const ASKED_AT_MOST = 6;
const ASK_AGAIN_MS = 2_000;

export class Desk {
  readonly state = new Observable<DeskState>(AT_REST);
  readonly done = new Observable<Done | null>(null);
  private readonly past: (readonly Taken[])[] = [];
  private readonly answered = new Map<string, Answered>();
  private asking = false;
  private askedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: DeskOptions) {}

  get store(): BoardStore {
    return this.options.store;
  }

  get mayDispatch(): boolean {
    return this.options.mayDispatch;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  choose = (job: string | null): void => this.become({ chosen: job });

  /** Adds a job to the selection or takes it out. */
  toggle = (job: string): void => {
    const selected = new Set(this.state.value.selected);
    if (!selected.delete(job)) selected.add(job);
    this.become({ selected });
  };

  clearSelection = (): void => this.become({ selected: new Set() });

  /** What a key or a drag of one job is about: the selection if that is part of it. */
  subjects(job: string | null): readonly string[] {
    const { selected, chosen } = this.state.value;
    if (job !== null && !selected.has(job)) return [job];
    if (selected.size > 0) return [...selected].filter((id) => this.store.job(id) !== null);
    return chosen === null || this.store.job(chosen) === null ? [] : [chosen];
  }

  /** Begins to look for a place: of the cleaners the first whom nothing speaks against. */
  place = (kind: Placing['kind'], jobs: readonly string[]): void => {
    const first = jobs[0] === undefined ? null : this.store.job(jobs[0]);
    if (!this.mayDispatch || first === null) return;
    const start = startOf(first);
    const sits = first.seats.find((cleaner) => cleaner !== null) ?? null;
    const fits = this.store.value.days.find(
      ({ cleaner }) => this.verdict(jobs, cleaner.id, start).kind === 'legal',
    );
    const cleaner =
      (kind === 'move' ? sits : null) ?? fits?.cleaner.id ?? this.store.value.days[0]?.cleaner.id ?? null;
    this.become({ placing: { kind, jobs, cleaner, start } });
    this.ask(jobs);
  };

  aim = (changes: Partial<Pick<Placing, 'cleaner' | 'start'>>): void => {
    const { placing } = this.state.value;
    if (placing !== null) this.become({ placing: { ...placing, ...changes } });
  };

  stopPlacing = (): void => this.become({ placing: null });

  /** Puts what is being placed where it is aimed at. */
  commit = (): void => {
    const { placing } = this.state.value;
    if (placing === null) return;
    this.become({ placing: null });
    this.drop(placing.jobs, null, placing.cleaner, placing.start);
  };

  fly = (flight: Flight | null): void => {
    const before = this.state.value.flight;
    this.become({ flight });
    if (flight !== null && before === null) this.ask(flight.jobs);
  };

  /** Lets jobs go over a cleaner and a start of the first; the others keep their distance to it. */
  drop(jobs: readonly string[], seat: number | null, cleaner: string | null, start: number | null): void {
    const first = jobs[0] === undefined ? null : this.store.job(jobs[0]);
    if (first === null) return;
    const by = start === null ? 0 : start - startOf(first);
    const wishes = jobs.flatMap((id): Wish[] => {
      const job = this.store.job(id);
      if (job === null) return [];
      const to = by === 0 ? null : startOf(job) + by;
      return [{ kind: 'put', job: id, seat: jobs.length === 1 ? seat : null, cleaner, start: to }];
    });
    void this.carryOut(wishes.filter((wish) => !this.hindered(wish)));
  }

  unassign = (jobs: readonly string[], seat: number | null = null): Promise<boolean> =>
    this.carryOut(jobs.map((job) => ({ kind: 'vacate', job, seat })));

  put = (job: string, seat: number | null, cleaner: string | null, start: number | null): Promise<boolean> =>
    this.carryOut([{ kind: 'put', job, seat, cleaner, start }]);

  /** Whether the jobs may go there. */
  verdict = (jobs: readonly string[], cleaner: string, start: number): Verdict => {
    const day = this.store.day(cleaner);
    const first = jobs[0] === undefined ? null : this.store.job(jobs[0]);
    if (day === null || first === null) return { kind: 'illegal', reason: null, sure: false };
    const by = start - startOf(first);
    const verdicts = jobs.flatMap((id) => {
      const job = this.store.job(id);
      if (job === null) return [];
      const service = this.options.services.find(({ slug }) => slug === job.service);
      const answered = this.answered.get(id) ?? null;
      return [judge({ job, day, start: startOf(job) + by, service, answered, now: this.options.now() })];
    });
    return worst(verdicts);
  };

  /** Asks the server where the jobs may go, unless that was just done; once more when the day has changed. */
  ask(jobs: readonly string[]): void {
    if (this.asking || jobs.length === 0) return;
    const now = performance.now();
    const known = jobs.every((id) => this.answered.get(id)?.version === this.store.told(id)?.version);
    if (known && now - this.askedAt < ASK_AGAIN_MS) return;
    this.askedAt = now;
    this.asking = true;
    void this.askAll(jobs.slice(0, ASKED_AT_MOST)).finally(() => {
      this.asking = false;
    });
  }

  dismiss = (): void => this.become({ setback: null });

  apply(fix: Fix): void {
    this.dismiss();
    switch (fix.kind) {
      case 'show':
        this.choose(fix.job);
        return;
      case 'anyway':
      case 'again':
        void this.carryOut([fix.wish]);
        return;
      case 'at':
        if (fix.wish.kind === 'put') void this.carryOut([{ ...fix.wish, start: fix.start }]);
        return;
      case 'to':
        if (fix.wish.kind === 'put') void this.carryOut([{ ...fix.wish, cleaner: fix.cleaner }]);
        return;
      default:
        fix satisfies never;
    }
  }

  /** Takes the last decision back, unless somebody has changed one of its jobs since. */
  undo = async (): Promise<void> => {
    const steps = this.past.pop();
    if (steps === undefined) return;
    const changed = steps.find(({ before, version }) => this.store.told(before.id)?.version !== version);
    if (changed !== undefined) {
      this.setBack(this.overtaken(changed.before, null, true));
      return;
    }
    const undone: JobRow[] = [];
    for (const { before, back } of [...steps].reverse()) {
      for (const wish of back) {
        const taken = await this.carry(wish, true);
        if (taken === null) return;
      }
      undone.push(before);
    }
    this.done.set({ kind: 'undone', jobs: undone, cleaner: null, start: null });
  };

  /** Carries wishes out one by one; those that do not come about become one setback. */
  private async carryOut(wishes: readonly Wish[]): Promise<boolean> {
    if (!this.mayDispatch) return false;
    const results = await Promise.all(wishes.map((wish) => this.carry(wish, false)));
    const taken = results.filter((step) => step !== null);
    const [first] = taken;
    if (first === undefined) return false;
    this.past.push(taken);
    if (this.past.length > UNDO_DEPTH) this.past.shift();
    this.become({ selected: new Set() });
    const wish = wishes[results.indexOf(first)];
    const jobs = taken.map(({ before }) => before);
    if (wish?.kind === 'vacate') this.done.set({ kind: 'unassigned', jobs, cleaner: null, start: null });
    else if (wish !== undefined) {
      const { cleaner, start } = wish;
      this.done.set({ kind: start === null ? 'assigned' : 'moved', jobs, cleaner, start });
    }
    return taken.length === wishes.length;
  }

  /** Sends one wish and shows it meanwhile; `null` where it did not come about. */
  private async carry(wish: Wish, undoing: boolean): Promise<Taken | null> {
    const before = this.store.told(wish.job);
    const plan = before === null ? null : planOf(wish, before);
    if (before === null || plan === null) return null;
    // Of a board that nothing has reached for a while nothing is moved before the server has said so.
    if (this.options.trusted()) this.store.intend(plan.intent);
    let outcome: Outcome;
    try {
      outcome = await this.options.command(plan.sent.kind, plan.sent.parameters);
    } finally {
      this.store.forget(plan.intent);
    }
    if (outcome.outcome === 'accepted') {
      const after = this.store.told(before.id);
      const mine = after !== null && (authorOf(after) ?? this.options.me) === this.options.me;
      return { before, version: mine ? after.version : null, back: plan.back };
    }
    if (outcome.outcome === 'rejected' && outcome.code === 'stale_version') {
      this.setBack(this.overtaken(before, wish, undoing));
    } else {
      this.setBack(this.objected(before, wish, outcome, undoing));
    }
    return null;
  }

  /** Whether the server is known to say no: then it is not asked to. */
  private hindered(wish: Wish): boolean {
    if (wish.kind !== 'put' || wish.cleaner === null) return false;
    const job = this.store.job(wish.job);
    if (job === null || planOf(wish, job) === null) return false;
    const { kind, reason, sure } = this.verdict([job.id], wish.cleaner, wish.start ?? startOf(job));
    if (kind !== 'illegal' || !sure || reason === null) return false;
    this.setBack({
      job,
      cleaner: wish.cleaner,
      cause: { kind: 'rule', reason },
      fixes: this.alternatives(job, wish),
      undoing: false,
      others: 0,
    });
    return true;
  }

  private overtaken(before: JobRow, wish: Wish | null, undoing: boolean): Setback {
    const now = this.store.told(before.id);
    const show: Fix[] = now === null ? [] : [{ kind: 'show', job: before.id }];
    const fixes: readonly Fix[] = wish === null || now === null ? show : [...show, { kind: 'anyway', wish }];
    const cause: Cause = {
      kind: 'changed',
      by: now === null ? null : authorOf(now),
      change: changeBetween(before, now),
    };
    return {
      job: before,
      cleaner: wish?.kind === 'put' ? wish.cleaner : null,
      cause,
      fixes,
      undoing,
      others: 0,
    };
  }

  private objected(job: JobRow, wish: Wish, objection: Objection, undoing: boolean): Setback {
    const again: Fix[] = objection.outcome === 'refused' ? [{ kind: 'again', wish }] : [];
    const fixes = undoing || again.length > 0 ? again : this.alternatives(job, wish);
    const cleaner = wish.kind === 'put' ? wish.cleaner : null;
    return { job, cleaner, cause: { kind: 'objection', objection }, fixes, undoing, others: 0 };
  }

  /** Another time for the same cleaner, and another cleaner for the same time. */
  private alternatives(job: JobRow, wish: Wish): readonly Fix[] {
    if (wish.kind !== 'put') return [];
    const start = wish.start ?? startOf(job);
    const fixes: Fix[] = [];
    const near =
      wish.cleaner === null ? null : nearestStart(this.answered.get(job.id) ?? null, wish.cleaner, start);
    if (near !== null && near !== start) fixes.push({ kind: 'at', wish, start: near });
    const other = this.store.value.days.find(
      ({ cleaner }) =>
        cleaner.id !== wish.cleaner &&
        !job.seats.includes(cleaner.id) &&
        this.verdict([job.id], cleaner.id, start).kind === 'legal',
    );
    if (other !== undefined) fixes.push({ kind: 'to', wish, cleaner: other.cleaner.id });
    return fixes;
  }

  private setBack(setback: Setback): void {
    const others = this.state.value.setback === null ? 0 : this.state.value.setback.others + 1;
    this.become({ setback: { ...setback, others } });
  }

  /** First of its own time, which most places are judged by and which is answered a hundred times sooner. */
  private async askAll(jobs: readonly string[]): Promise<void> {
    for (const id of jobs) {
      const own = this.store.told(id)?.starts_at ?? null;
      for (const start of [own, null]) {
        const targets = await this.options.targets(id, start);
        const job = this.store.told(id);
        if (targets === null || job === null) continue;
        const at = startOf(job);
        const span = start === null ? this.options.dayOf(at) : { from: at, to: at + 1 };
        this.answered.set(id, readTargets(targets, job, span));
        this.become({ answers: this.state.value.answers + 1 });
      }
    }
  }

  private become(changes: Partial<DeskState>): void {
    this.state.set({ ...this.state.value, ...changes });
  }
}

/** The next in the queue, or the first. */
export function nextInQueue(queue: readonly JobRow[], from: string | null, by: 1 | -1): JobRow | null {
  const open = queue.filter(needsCleaner);
  const at = open.findIndex((job) => job.id === from);
  if (at === -1) return (by > 0 ? open[0] : open[open.length - 1]) ?? null;
  return open[(at + by + open.length) % open.length] ?? null;
}
