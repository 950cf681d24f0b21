/** What did not come about: the cause, who is behind it, and what can be done at once. Stays until it is
 * dismissed or answered. */
import { RotateCcw, X } from 'lucide-react';
import type { Fix, Setback } from '../../state/desk';
import { type Catalog, useTexts } from '../i18n';
import type { Format } from '../i18n/format';
import { explain } from '../objection';
import { Button } from '../parts/Button';
import { reasonText } from './reasons';
import css from './SetbackCard.module.css';
import { useColleagues } from './useColleagues';
import { type ControlRoom, useOnDesk } from './useControlRoom';

export function SetbackCard({ room }: { room: ControlRoom }) {
  const { t, format } = useTexts();
  const { company } = useColleagues();
  const { desk, store } = room;
  const setback = useOnDesk(desk, (state) => state.setback);
  const nameOf = (id: string | null) =>
    company.colleagues.find((colleague) => colleague.id === id)?.name ??
    (id === null ? undefined : store.day(id)?.cleaner.name) ??
    t.timeline.setback.somebody;
  return (
    <div role="alert" className={css.place}>
      {setback !== null && (
        <div className={css.card} data-setback={setback.cause.kind}>
          <RotateCcw size={18} className={css.sign} aria-hidden />
          <div className={css.text}>
            <strong>
              {(setback.undoing ? t.timeline.setback.undoTitle : t.timeline.setback.title)(
                t.common.job(setback.job.number),
              )}
            </strong>
            <p>
              {causeText({ t, format, room, nameOf }, setback)}
              {setback.others > 0 && ` ${t.timeline.setback.others(setback.others)}`}
            </p>
          </div>
          <div className={css.fixes}>
            {setback.fixes.map((fix) => (
              <Button
                key={fix.kind}
                size="small"
                weight={fix.kind === 'show' ? 'secondary' : 'primary'}
                data-fix={fix.kind}
                onClick={() => desk.apply(fix)}
              >
                {fixText({ t, format, room, nameOf }, fix)}
              </Button>
            ))}
          </div>
          <button type="button" className={css.close} aria-label={t.common.close} onClick={desk.dismiss}>
            <X size={16} aria-hidden />
          </button>
        </div>
      )}
    </div>
  );
}

interface Words {
  readonly t: Catalog;
  readonly format: Format;
  readonly room: ControlRoom;
  readonly nameOf: (id: string | null) => string;
}

function causeText({ t, format, room, nameOf }: Words, { cause, cleaner }: Setback): string {
  switch (cause.kind) {
    case 'rule': {
      const reason = reasonText(t, format, cause.reason, room.zone.time_zone);
      return `${t.timeline.why(nameOf(cleaner), reason)}.`;
    }
    case 'objection': {
      if (cause.objection.outcome === 'rejected' && cleaner !== null) {
        const reason = reasonText(
          t,
          format,
          { kind: 'rejected', rejection: cause.objection },
          room.zone.time_zone,
        );
        return `${t.timeline.why(nameOf(cleaner), reason.replace(/\.$/, ''))}.`;
      }
      return explain(t, cause.objection);
    }
    case 'changed': {
      const who = nameOf(cause.by);
      const { change } = cause;
      switch (change.kind) {
        case 'moved':
          return t.timeline.setback.moved(who, format.time(change.start, room.zone.time_zone));
        case 'given':
          return t.timeline.setback.given(who, nameOf(change.cleaner));
        case 'vacated':
          return t.timeline.setback.vacated(who);
        case 'status':
          return t.timeline.setback.status(who, t.jobStatus[change.status]);
        case 'gone':
          return t.timeline.setback.gone;
        case 'other':
          return t.timeline.setback.other(who);
        default:
          return change satisfies never;
      }
    }
    default:
      return cause satisfies never;
  }
}

function fixText({ t, format, room, nameOf }: Words, fix: Fix): string {
  switch (fix.kind) {
    case 'show':
      return t.timeline.setback.show;
    case 'anyway':
      return t.timeline.setback.anyway;
    case 'again':
      return t.timeline.setback.again;
    case 'at':
      return t.timeline.setback.at(format.time(fix.start, room.zone.time_zone));
    case 'to':
      return t.timeline.setback.to(nameOf(fix.cleaner));
    default:
      return fix satisfies never;
  }
}
