/** What the control room knows and does: the board with one's own decisions in it, what is chosen, the
 * desk that decisions are made at, and the commands that need none. Drawn anew a few times a second at most;
 * what has to follow every change watches the desk and its store. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Outcome } from '../../hub/outcome';
import type { Phase } from '../../hub/view';
import type { BoardStore } from '../../state/boardStore';
import { type Board, type CleanerDay, type Obstacle, obstacle } from '../../state/control';
import type { DayCount } from '../../state/controlAxis';
import { datesFrom } from '../../state/controlAxis';
import { Desk, type DeskState } from '../../state/desk';
import { type ControlRights, controlRights } from '../../state/rights';
import { useServices } from '../../state/services';
import type { WorkCommand } from '../../state/work';
import { addDays, localDate, startOfDay } from '../../state/zoned';
import type { AlertRow, JobRow, Service, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { codeOf, explain } from '../objection';
import { useToast } from '../parts/Toasts';
import { useBoardStore, useWholeBoard } from './useBoard';
import { trustNow } from './useTrust';

/** What a dispatcher says to an alert. */
export type AlertAnswer = 'acknowledge' | 'snooze' | 'resolve';

export interface ControlRoom {
  readonly zone: Zone;
  readonly date: string;
  readonly services: readonly Service[];
  readonly rights: ControlRights;
  readonly phase: Phase;
  /** Server time of the last change heard. */
  readonly at: string | null;
  readonly board: Board;
  readonly chosen: JobRow | null;
  /** The job that a cleaner is being chosen for. */
  readonly placing: JobRow | null;
  /** Jobs that are selected together, beside the chosen one. */
  readonly selected: ReadonlySet<string>;
  /** Where decisions are made, followed and taken back. */
  readonly desk: Desk;
  readonly store: BoardStore;
  /** The local dates that are shown. */
  readonly dates: readonly string[];
  readonly choose: (job: string | null) => void;
  readonly place: (job: string | null) => void;
  /** Begins to move a job to another time or cleaner, by keys or by pointing. */
  readonly move: (job: string) => void;
  readonly assign: (job: JobRow, cleaner: string, seat?: number) => Promise<void>;
  readonly unassign: (job: JobRow, seat: number) => Promise<void>;
  readonly step: (job: JobRow, command: WorkCommand) => Promise<void>;
  readonly cancelBooking: (job: JobRow) => Promise<boolean>;
  readonly answer: (alert: AlertRow, job: JobRow, answer: AlertAnswer) => Promise<void>;
  readonly obstacleTo: (job: JobRow, day: CleanerDay) => Obstacle | null;
  readonly serviceName: (slug: string) => string;
}

const SNOOZE_MS = 15 * 60_000;

interface Opened {
  readonly zone: Zone;
  readonly date: string;
  readonly days: DayCount;
  readonly services: readonly Service[];
  readonly user: { readonly id: string; readonly role: Parameters<typeof controlRights>[0] };
}

export function useControlRoom({ zone, date, days, services, user }: Opened): ControlRoom {
  const rights = controlRights(user.role);
  const { t } = useTexts();
  const { hub, clock } = useServices();
  const toast = useToast();
  const dates = useMemo(() => datesFrom(date, days), [date, days]);
  const { store, feed } = useBoardStore(dates.map((each) => `control:${zone.slug}:${each}`));
  const board = useWholeBoard(store);
  const desk = useDesk({ zone, services, user, store });
  const { chosen, selected, placing } = useObservableNow(desk.state);
  const byJob = (id: string | null | undefined) => (id === null || id === undefined ? null : store.job(id));

  const failed = (job: JobRow, outcome: Outcome): boolean => {
    if (outcome.outcome === 'accepted') return false;
    toast({
      text: t.control.failed(t.common.job(job.number), explain(t, outcome)),
      tone: 'bad',
      code: codeOf(outcome),
    });
    return true;
  };

  return {
    zone,
    date,
    dates,
    services,
    rights,
    ...feed(),
    board,
    desk,
    store,
    chosen: byJob(chosen),
    selected,
    placing: byJob(placing?.jobs[0]),
    choose: desk.choose,
    place: (job) => (job === null ? desk.stopPlacing() : desk.place('assign', desk.subjects(job))),
    move: (job) => desk.place('move', desk.subjects(job)),
    assign: async (job, cleaner, seat) => {
      desk.stopPlacing();
      await desk.put(job.id, seat ?? null, cleaner, null);
    },
    unassign: async (job, seat) => {
      await desk.unassign([job.id], seat);
    },
    step: async (job, command) => {
      failed(job, await hub.command(command, { job: job.id }));
    },
    cancelBooking: async (job) =>
      !failed(
        job,
        await hub.command('booking.cancel', {
          booking: job.booking,
          expected_version: job.booking_version,
        }),
      ),
    answer: async (alert, job, answer) => {
      const sent = () => {
        switch (answer) {
          case 'acknowledge':
            return hub.command('alert.acknowledge', { alert: alert.id });
          case 'snooze':
            return hub.command('alert.snooze', {
              alert: alert.id,
              until: new Date(clock.now() + SNOOZE_MS).toISOString(),
            });
          case 'resolve':
            return hub.command('alert.resolve', { alert: alert.id });
          default:
            return answer satisfies never;
        }
      };
      failed(job, await sent());
    },
    obstacleTo: (job, day) =>
      obstacle(
        job,
        day,
        services.find(({ slug }) => slug === job.service),
      ),
    serviceName: (slug) => services.find((service) => service.slug === slug)?.name ?? slug,
  };
}

interface DeskFor {
  readonly zone: Zone;
  readonly services: readonly Service[];
  readonly user: Opened['user'];
  readonly store: BoardStore;
}

/** The desk of this zone and day, and what it has done as messages with a way back. */
function useDesk({ zone, services, user, store }: DeskFor): Desk {
  const { hub, clock } = useServices();
  const { t, format } = useTexts();
  const toast = useToast();
  const [desk] = useState(
    () =>
      new Desk({
        me: user.id,
        store,
        services,
        now: () => clock.now(),
        mayDispatch: controlRights(user.role).dispatch,
        trusted: () => trustNow({ hub }) === 'full',
        command: (kind, parameters) => hub.command(kind, parameters),
        targets: async (job, start) => {
          const answered = await hub.ask('job.targets', { job, ...(start === null ? {} : { start }) });
          return answered.outcome === 'answered' ? answered.answer : null;
        },
        dayOf: (at) => {
          const day = localDate(at, zone.time_zone);
          return {
            from: startOfDay(day, zone.time_zone),
            to: startOfDay(addDays(day, 1), zone.time_zone),
          };
        },
      }),
  );
  const words = useRef({ t, format, toast });
  words.current = { t, format, toast };
  useEffect(
    () =>
      desk.done.subscribe(() => {
        const done = desk.done.value;
        const [first] = done?.jobs ?? [];
        if (done === null || first === undefined) return;
        const { t, format, toast } = words.current;
        const many = done.jobs.length > 1 ? done.jobs.length : null;
        const what = many === null ? t.common.job(first.number) : t.timeline.jobs(many);
        const name = done.cleaner === null ? null : (store.day(done.cleaner)?.cleaner.name ?? null);
        const when = done.start === null ? null : format.time(done.start, zone.time_zone);
        const text = {
          assigned: () => t.control.assigned(what, name ?? ''),
          moved: () => t.timeline.moved(what, when ?? '', name),
          unassigned: () => t.control.unassignedDone(what),
          undone: () => t.timeline.undone(what),
        }[done.kind]();
        const action = { label: t.control.undo, run: () => void desk.undo() };
        toast(done.kind === 'undone' ? { text } : { text, action });
      }),
    [desk, store, zone.time_zone],
  );
  return desk;
}

/** Of a desk everything is shown at once, without waiting for a frame. */
export function useObservableNow<T>(source: {
  readonly value: T;
  subscribe(listener: () => void): () => void;
}): T {
  return useSyncExternalStore(source.subscribe, () => source.value);
}

/** A part of what is on the desk; drawn anew when that part is another. */
export function useOnDesk<T>(desk: Desk, part: (state: DeskState) => T): T {
  return useSyncExternalStore(desk.state.subscribe, () => part(desk.state.value));
}
