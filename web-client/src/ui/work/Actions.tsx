/**
 * What became of the actions on a job: saved, sent, or not possible and why. What goes through at once says
 * nothing, because the job shows it.
 */
import { CircleCheckBig, CircleX, Hourglass } from 'lucide-react';
import type { Entry, Outbox } from '../../hub/outbox';
import type { Objection } from '../../hub/outcome';
import { useHandset } from '../../state/handset';
import { useNow } from '../../state/now';
import type { Fate } from '../../wire';
import { type Catalog, useTexts } from '../i18n';
import { codeOf, explain } from '../objection';
import { cx } from '../parts/cx';
import css from './Actions.module.css';

const AT_ONCE_MS = 2_000;

interface ActionsProps {
  readonly entries: Outbox;
  readonly timeZone: string;
  /** Names the job: it is not there any more. */
  readonly named?: boolean;
}

export function Actions({ entries, timeZone, named = false }: ActionsProps) {
  const { t } = useTexts();
  const { courier } = useHandset();
  const now = useNow(1_000);
  const told = entries.filter((entry) => isWorthTelling(entry, now));
  const ended = told.filter(({ standing }) => standing.kind === 'failed' || standing.kind === 'dropped');
  if (told.length === 0) return null;
  return (
    <div className={css.actions}>
      <ol>
        {told.map((entry) => (
          <Line key={entry.id} entry={entry} timeZone={timeZone} named={named} />
        ))}
      </ol>
      {ended.length > 0 && (
        <button type="button" onClick={() => void courier.dismiss(ended.map(({ id }) => id))}>
          {t.work.understood}
        </button>
      )}
    </div>
  );
}

/** Something that was decided while one looked needs no line of its own. */
function isWorthTelling({ standing, madeAt }: Entry, now: number): boolean {
  switch (standing.kind) {
    case 'waiting':
      return now - madeAt > AT_ONCE_MS;
    case 'done':
      return standing.at - madeAt > AT_ONCE_MS;
    case 'failed':
    case 'dropped':
      return true;
    default:
      return standing satisfies never;
  }
}

function Line({ entry, timeZone, named }: { entry: Entry; timeZone: string; named: boolean }) {
  const { t, format } = useTexts();
  const now = useNow(60_000);
  const { standing, action, number, madeAt } = entry;
  const what = t.work.did[action.kind];
  const title = named && number !== null ? `${t.common.job(number)}: ${what}` : what;
  const made = format.moment(madeAt, timeZone, now);
  const fateText = ({ parted, at, to }: Fate) =>
    t.work.fate[parted](format.moment(at, timeZone, now), to ?? '');
  switch (standing.kind) {
    case 'waiting':
      return (
        <li className={css.line} data-standing="waiting">
          <Hourglass size={16} aria-hidden />
          <span>
            {title} · {t.work.savedAt(made)}
          </span>
        </li>
      );
    case 'done':
      return (
        <li className={cx(css.line, css.done)} data-standing="done">
          <CircleCheckBig size={16} aria-hidden />
          <span>
            {title} · {t.work.sentAt(format.moment(standing.at, timeZone, now))}
          </span>
        </li>
      );
    case 'failed': {
      const { objection } = standing;
      const earliest =
        objection.outcome === 'rejected' && objection.code === 'too_early'
          ? objection.details.earliest
          : null;
      return (
        <li className={cx(css.line, css.failed)} data-standing="failed">
          <CircleX size={16} aria-hidden />
          <span role="alert">
            <strong>{t.work.notPossible(title)}</strong>{' '}
            {standing.fate === null ? reasonOf(t, objection) : fateText(standing.fate)}{' '}
            {earliest !== null && t.work.possibleFrom(format.until(earliest, timeZone, now))}
            <details>
              <summary>{t.common.details}</summary>
              <code>{codeOf(objection)}</code>
            </details>
          </span>
        </li>
      );
    }
    case 'dropped':
      return (
        <li className={cx(css.line, css.failed)} data-standing="dropped">
          <CircleX size={16} aria-hidden />
          <span>
            <strong>{t.work.notSent(title)}</strong> {t.work.droppedBecause(t.work.did[standing.because])}
          </span>
        </li>
      );
    default:
      return standing satisfies never;
  }
}

function reasonOf(t: Catalog, objection: Objection): string {
  if (objection.outcome === 'refused' && objection.code === 'not_found') return t.work.notYours;
  if (objection.outcome === 'refused' && objection.code === 'command_expired') return t.work.tooOld;
  const cancelled = objection.code === 'illegal_transition' && objection.details.from === 'cancelled';
  return cancelled ? t.work.visitCancelled : explain(t, objection);
}
