/** What the control room knows and does: the board with one's own decisions in it, what is chosen, whom a
 * job is being given to, and the commands behind them. */
import { useMemo, useState } from 'react';
import type { Outcome } from '../../hub/outcome';
import type { Phase } from '../../hub/view';
import {
  type Board,
  boardOf,
  type CleanerDay,
  type Intent,
  type Obstacle,
  obstacle,
  seatFor,
} from '../../state/control';
import { type ControlRights, controlRights } from '../../state/rights';
import { useRows, useServices } from '../../state/services';
import type { WorkCommand } from '../../state/work';
import type { AlertRow, JobRow, Role, Service, Zone } from '../../wire';
import { type Catalog, useTexts } from '../i18n';
import { codeOf, explain } from '../objection';
import { useToast } from '../parts/Toasts';

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
  readonly choose: (job: string | null) => void;
  readonly place: (job: string | null) => void;
  readonly assign: (job: JobRow, cleaner: string, seat?: number) => Promise<void>;
  readonly unassign: (job: JobRow, seat: number) => Promise<void>;
  readonly step: (job: JobRow, command: WorkCommand) => Promise<void>;
  readonly cancelBooking: (job: JobRow) => Promise<boolean>;
  readonly answer: (alert: AlertRow, job: JobRow, answer: AlertAnswer) => Promise<void>;
  readonly obstacleTo: (job: JobRow, day: CleanerDay) => Obstacle | null;
  readonly serviceName: (slug: string) => string;
  /** Whether the last change of a job was this dispatcher's own. */
  readonly isOwn: (job: string) => boolean;
}

const OWN_FOR_MS = 4_000;
const SNOOZE_MS = 15 * 60_000;

export function useControlRoom(
  zone: Zone,
  date: string,
  services: readonly Service[],
  role: Role,
): ControlRoom {
  const rights = controlRights(role);
  const { t } = useTexts();
  const { hub, clock } = useServices();
  const toast = useToast();
  const { rows, phase, at } = useRows(`control:${zone.slug}:${date}`);
  const [intents, setIntents] = useState<readonly Intent[]>([]);
  const [chosenId, choose] = useState<string | null>(null);
  const [placingId, setPlacing] = useState<string | null>(null);
  const [own] = useState(() => new Map<string, number>());
  const board = useMemo(() => boardOf(rows, intents), [rows, intents]);
  const byJob = (id: string | null) => (id === null ? null : (board.jobs.get(id) ?? null));

  const during = async (intent: Intent, send: () => Promise<Outcome>): Promise<Outcome> => {
    own.set(intent.job, performance.now());
    setIntents((all) => [...all, intent]);
    try {
      return await send();
    } finally {
      own.set(intent.job, performance.now());
      setIntents((all) => all.filter((other) => other !== intent));
    }
  };
  const failed = (job: JobRow, outcome: Outcome): boolean => {
    if (outcome.outcome === 'accepted') return false;
    toast({
      text: t.control.failed(t.common.job(job.number), explain(t, outcome)),
      tone: 'bad',
      code: codeOf(outcome),
    });
    return true;
  };
  const unassignSeat = async (job: JobRow, seat: number, version: number | null) => {
    const outcome = await during({ kind: 'unassign', job: job.id, seat }, () =>
      hub.command('job.unassign', {
        job: job.id,
        seat,
        ...(version === null ? {} : { expected_version: version }),
      }),
    );
    return !failed(job, outcome);
  };
  const assignSeat = async (job: JobRow, cleaner: string, seat: number, version: number | null) => {
    const outcome = await during({ kind: 'assign', job: job.id, cleaner, seat }, () =>
      hub.command('job.assign', {
        job: job.id,
        cleaner,
        seat,
        ...(version === null ? {} : { expected_version: version }),
      }),
    );
    return !failed(job, outcome);
  };
  const nameOf = (cleaner: string) => rows.cleaner.get(cleaner)?.name ?? cleaner;

  return {
    zone,
    date,
    services,
    rights,
    phase,
    at,
    board,
    chosen: byJob(chosenId),
    placing: byJob(placingId),
    choose,
    place: (job) => setPlacing(rights.dispatch ? job : null),
    assign: async (job, cleaner, seat = seatFor(job)) => {
      setPlacing(null);
      const before = job.seats[seat] ?? null;
      if (!(await assignSeat(job, cleaner, seat, job.version))) return;
      toast({
        text: t.control.assigned(t.common.job(job.number), nameOf(cleaner)),
        action: {
          label: t.control.undo,
          run: () =>
            void (before === null ? unassignSeat(job, seat, null) : assignSeat(job, before, seat, null)),
        },
      });
    },
    unassign: async (job, seat) => {
      const before = job.seats[seat] ?? null;
      if (!rights.dispatch || before === null || !(await unassignSeat(job, seat, job.version))) return;
      toast({
        text: t.control.unassignedDone(t.common.job(job.number)),
        action: { label: t.control.undo, run: () => void assignSeat(job, before, seat, null) },
      });
    },
    step: async (job, command) => {
      own.set(job.id, performance.now());
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
    isOwn: (job) => performance.now() - (own.get(job) ?? Number.NEGATIVE_INFINITY) < OWN_FOR_MS,
  };
}

export function obstacleText(t: Catalog, found: Obstacle): string {
  return found.kind === 'skill'
    ? t.control.reason.skill(found.missing.join(', '))
    : t.control.reason[found.kind];
}
