/** What was done to the job, its booking and its alerts, by whom, the newest first. */

import { useNow } from '../../../state/now';
import { useAnswer } from '../../../state/useAnswer';
import type { History, HistoryEntry } from '../../../wire';
import { type Catalog, useTexts } from '../../i18n';
import { codeOf, explain } from '../../objection';
import { cx } from '../../parts/cx';
import { Failure } from '../../parts/Notice';
import { Skeleton } from '../../parts/Skeleton';
import css from './HistoryTab.module.css';
import type { InspectorProps } from './Inspector';

export function HistoryTab({ job, room }: InspectorProps) {
  const { t, format } = useTexts();
  const now = useNow(60_000);
  const alerts = room.board.alerts.filter(({ job: about }) => about.id === job.id);
  const state = `${job.version} ${job.booking_version} ${alerts.map(({ alert }) => alert.version).join()}`;
  const { value, objection, again } = useAnswer('job.history', { job: job.id }, state);
  if (objection !== null && value === null) {
    return (
      <Failure
        title={t.room.history.failed}
        hint={explain(t, objection)}
        code={codeOf(objection)}
        onRetry={again}
      />
    );
  }
  if (value === null) return <Skeleton rows={6} height={32} gap={6} />;
  if (value.entries.length === 0) return <p>{t.room.history.empty}</p>;
  const moment = (at: string) => format.moment(at, room.zone.time_zone, now);
  return (
    <>
      <ol className={css.history}>
        {value.entries.map((entry, index) => {
          const { text, note, minor } = told(t, entry, value, moment);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: two entries may be alike, and none moves
            <li key={index} className={cx(css.entry, minor && css.minor)} data-deed={entry.what.kind}>
              <time dateTime={entry.at}>{moment(entry.at)}</time>
              <span className={css.what}>
                {text}
                {note !== null && <q className={css.note}>{note}</q>}
                {!minor && <span className={css.by}>{doneBy(t, entry, value)}</span>}
              </span>
            </li>
          );
        })}
      </ol>
      {!value.complete && <p className={css.by}>{t.room.history.older}</p>}
    </>
  );
}

function nameIn(t: Catalog, history: History, id: string | null): string {
  const name = history.people.find((person) => person.id === id)?.name ?? '';
  return name === '' ? t.room.history.someone : name;
}

function doneBy(t: Catalog, entry: HistoryEntry, history: History): string {
  const words = t.room.history;
  if (entry.by === null) return words.hub;
  const role = history.people.find(({ id }) => id === entry.by)?.role;
  const name = nameIn(t, history, entry.by);
  const who = role === undefined ? name : words.by(name, words.roles[role]);
  if (entry.on_behalf_of === null || entry.on_behalf_of === entry.by) return who;
  return `${who}, ${words.behalf(nameIn(t, history, entry.on_behalf_of))}`;
}

interface Told {
  readonly text: string;
  readonly note: string | null;
  /** It follows from something else: nobody did it. */
  readonly minor: boolean;
}

function told(t: Catalog, { what }: HistoryEntry, history: History, moment: (at: string) => string): Told {
  const words = t.room.history;
  const name = (id: string | null) => nameIn(t, history, id);
  const plain = (text: string, note: string | null = null): Told => ({ text, note, minor: false });
  const minor = (text: string): Told => ({ text, note: null, minor: true });
  switch (what.kind) {
    case 'booked':
      return plain(words.booked(moment(what.starts_at)));
    case 'assigned':
      return plain(
        what.instead_of === null
          ? words.assigned(name(what.cleaner))
          : words.instead(name(what.cleaner), name(what.instead_of)),
      );
    case 'unassigned':
      return plain(words.unassigned(name(what.cleaner)));
    case 'withdrawn':
      return plain(words.withdrawn(name(what.cleaner)), what.reason);
    case 'moved':
      return plain(words.moved(moment(what.starts_at)));
    case 'acknowledged':
    case 'departed':
    case 'arrived':
    case 'started':
    case 'paused':
    case 'resumed':
    case 'completed':
    case 'verified':
    case 'no_show':
      return plain(words[what.kind]);
    case 'no_access':
      return plain(words.no_access, what.note);
    case 'cancelled':
      return plain(words.cancelled, what.reason);
    case 'at_risk':
    case 'secured':
      return minor(words[what.kind]);
    case 'alert_raised':
      return minor(words.alert_raised(t.control.alerts.about[what.about]));
    case 'alert_acknowledged':
      return plain(words.alert_acknowledged);
    case 'alert_snoozed':
      return plain(words.alert_snoozed(moment(what.until)));
    case 'alert_resolved':
      return what.by_itself ? minor(words.alert_gone) : plain(words.alert_resolved);
    default:
      return what satisfies never;
  }
}
