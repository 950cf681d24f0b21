/** What the palette offers for a text, group by group: what this page knows at once, then what the server
 * has found. */
import {
  Building2,
  CalendarDays,
  CircleUserRound,
  CornerDownLeft,
  type LucideIcon,
  MapPinned,
  UserRound,
} from 'lucide-react';
import { type DayNames, dateIn, matching } from '../../../state/palette';
import { workSpan } from '../../../state/work';
import { localDate } from '../../../state/zoned';
import type { Hit, Zone } from '../../../wire';
import type { Texts } from '../../i18n';
import { STATUS_ICON } from '../../parts/tones';
import { setSearch } from '../../router';
import type { ControlRoom } from '../useControlRoom';

export type Group = 'commands' | 'dates' | 'zones' | 'cleaners' | 'jobs' | 'found';

export interface Item {
  readonly id: string;
  readonly group: Group;
  readonly icon: LucideIcon;
  readonly title: string;
  readonly note?: string;
  /** The key that does the same. */
  readonly keys?: string;
  /** Whose bookings to go on to, instead of being done. */
  readonly scope?: Scope;
  readonly run: () => void;
}

/** Only bookings of this customer, or at this place. */
export interface Scope {
  readonly id: string;
  readonly name: string;
}

/** A command of the palette; `words` are other names that it is found by. */
export interface PaletteCommand {
  readonly id: string;
  readonly title: string;
  readonly words?: string;
  readonly keys?: string;
  readonly icon?: LucideIcon;
  readonly run: () => void;
}

export interface Sources {
  readonly texts: Texts;
  readonly room: ControlRoom;
  readonly zones: readonly Zone[];
  readonly today: string;
  readonly names: DayNames;
  readonly commands: readonly PaletteCommand[];
  readonly goTo: (date: string) => void;
}

const AT_MOST = { commands: 6, zones: 4, cleaners: 5, jobs: 5 };

export function itemsFor(
  text: string,
  scope: Scope | null,
  hits: readonly Hit[],
  sources: Sources,
): readonly Item[] {
  if (scope !== null) return foundItems(hits, sources);
  const { commands } = sources;
  const said = text.trim();
  const shown =
    said === ''
      ? commands
      : matching(
          said,
          commands.map((value) => ({ words: [value.title, value.words ?? ''], value })),
          AT_MOST.commands,
        );
  const offered = shown.map(
    (command): Item => ({
      id: `command-${command.id}`,
      group: 'commands',
      icon: command.icon ?? CornerDownLeft,
      title: command.title,
      ...(command.keys === undefined ? {} : { keys: command.keys }),
      run: command.run,
    }),
  );
  if (said === '') return offered;
  return [
    ...dateItems(said, sources),
    ...jobItems(said, sources),
    ...cleanerItems(said, sources),
    ...zoneItems(said, sources),
    ...offered,
    ...foundItems(hits, sources),
  ];
}

function dateItems(said: string, { texts, today, names, goTo }: Sources): readonly Item[] {
  const date = dateIn(said, today, names);
  if (date === null) return [];
  return [
    {
      id: `date-${date}`,
      group: 'dates',
      icon: CalendarDays,
      title: texts.format.longDay(date),
      note: date,
      run: () => goTo(date),
    },
  ];
}

function jobItems(said: string, { texts, room }: Sources): readonly Item[] {
  const { t, format } = texts;
  const entries = [...room.board.jobs.values()].map((job) => ({
    words: [t.common.job(job.number), String(job.number), job.customer_name ?? ''],
    value: job,
  }));
  return matching(said, entries, AT_MOST.jobs).map((job) => {
    const { from, to } = workSpan(job);
    return {
      id: `job-${job.id}`,
      group: 'jobs',
      icon: STATUS_ICON[job.status],
      title: `${t.common.job(job.number)} · ${job.customer_name ?? t.control.noCustomer}`,
      note: `${format.range(from, to, room.zone.time_zone)} · ${t.jobStatus[job.status]}`,
      run: () => room.choose(job.id),
    };
  });
}

function cleanerItems(said: string, { texts, room }: Sources): readonly Item[] {
  const entries = room.board.days.map(({ cleaner }) => ({ words: [cleaner.name], value: cleaner }));
  return matching(said, entries, AT_MOST.cleaners).map((cleaner) => ({
    id: `cleaner-${cleaner.id}`,
    group: 'cleaners',
    icon: UserRound,
    title: cleaner.name,
    note: texts.t.duty[cleaner.duty],
    run: () => showCleaner(cleaner.id),
  }));
}

/** Brings the row into sight; one that is not drawn is filtered for. */
export function showCleaner(id: string): void {
  const row = document.querySelector(`[data-cleaner="${CSS.escape(id)}"]`);
  if (row === null) setSearch({ cleaner: id });
  else row.scrollIntoView({ block: 'center' });
}

function zoneItems(said: string, { room, zones }: Sources): readonly Item[] {
  const entries = zones
    .filter(({ slug }) => slug !== room.zone.slug)
    .map((zone) => ({ words: [zone.name, zone.slug], value: zone }));
  return matching(said, entries, AT_MOST.zones).map((zone) => ({
    id: `zone-${zone.slug}`,
    group: 'zones',
    icon: MapPinned,
    title: zone.name,
    run: () => setSearch({ zone: zone.slug }),
  }));
}

function foundItems(hits: readonly Hit[], { texts, room, zones }: Sources): readonly Item[] {
  const { t, format } = texts;
  const zoneNamed = (slug: string) => zones.find((zone) => zone.slug === slug);
  return hits.flatMap((hit): readonly Item[] => {
    switch (hit.kind) {
      case 'booking': {
        const zone = zoneNamed(hit.zone);
        const timeZone = zone?.time_zone ?? room.zone.time_zone;
        const date = localDate(Date.parse(hit.starts_at), timeZone);
        return [
          {
            id: `booking-${hit.id}`,
            group: 'found',
            icon: STATUS_ICON[hit.job_status],
            title: `${t.common.job(hit.number)} · ${hit.customer_name ?? t.control.noCustomer}`,
            note: `${format.day(date)}, ${format.time(hit.starts_at, timeZone)} · ${zone?.name ?? hit.zone} · ${hit.address}`,
            run: () => setSearch({ zone: hit.zone, date, job: hit.job }),
          },
        ];
      }
      case 'customer': {
        const name = hit.name ?? t.control.noCustomer;
        return [
          {
            id: `customer-${hit.id}`,
            group: 'found',
            icon: CircleUserRound,
            title: name,
            note: [hit.phone, hit.email].filter(Boolean).join(' · '),
            scope: { id: hit.id, name },
            run: () => undefined,
          },
        ];
      }
      case 'property':
        return [
          {
            id: `property-${hit.id}`,
            group: 'found',
            icon: Building2,
            title: hit.address,
            note: [hit.district, hit.customer_name].filter(Boolean).join(' · '),
            scope: { id: hit.id, name: hit.address },
            run: () => undefined,
          },
        ];
      default:
        return hit satisfies never;
    }
  });
}
