/** What must not be missed about the day's jobs, the most pressing first. */
import { BellOff, Check, Eye, Flame, type LucideIcon, TriangleAlert, UserSearch, UserX } from 'lucide-react';
import { useState } from 'react';
import type { Warned } from '../../state/control';
import { workSpan } from '../../state/work';
import type { AlertKind } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import css from './Alerts.module.css';
import type { AlertAnswer, ControlRoom } from './useControlRoom';
import { useShown } from './useFilter';
import { useSurround } from './useSurround';

const ICON: Record<AlertKind, LucideIcon> = {
  unassigned: UserSearch,
  late: Flame,
  no_check_in: Flame,
  no_show: UserX,
  at_risk: TriangleAlert,
};

/** Where there are none it says so, or with `quiet` takes no room. */
export function Alerts({ room, quiet = false }: { room: ControlRoom; quiet?: boolean }) {
  const { t } = useTexts();
  const { wanted } = useShown(room.board, false);
  const alerts = room.board.alerts.filter(({ job }) => wanted(job));
  if (alerts.length === 0 && quiet) return null;
  const open = alerts.filter(({ alert }) => alert.status === 'open').length;
  return (
    <section className={css.alerts} aria-label={t.control.alerts.title}>
      <h2 className={css.title}>
        {t.control.alerts.title} <span className={cx(open > 0 && css.open)}>{open}</span>
      </h2>
      {alerts.length === 0 && <p className={css.none}>{t.room.noAlerts}</p>}
      <ul className={css.list}>
        {alerts.map((warned) => (
          <AlertCard key={warned.alert.id} warned={warned} room={room} />
        ))}
      </ul>
    </section>
  );
}

function AlertCard({ warned: { alert, job }, room }: { warned: Warned; room: ControlRoom }) {
  const { t, format } = useTexts();
  const { setTab } = useSurround();
  const [busy, setBusy] = useState(false);
  const Icon = ICON[alert.about];
  const { from } = workSpan(job);
  const lead = room.board.days.find(({ cleaner }) => cleaner.id === job.lead)?.cleaner.name;
  const what = t.control.alerts.about[alert.about];
  const answer = (given: AlertAnswer) => {
    setBusy(true);
    void room.answer(alert, job, given).finally(() => setBusy(false));
  };
  const fix = () => {
    room.choose(job.id);
    setTab('cleaners');
  };
  const act = (given: AlertAnswer, Sign: LucideIcon) => (
    <button
      type="button"
      className={css.act}
      disabled={busy}
      data-action={given}
      aria-label={`${t.control.alerts[given]}: ${what}, ${t.common.job(job.number)}`}
      title={t.control.alerts[given]}
      onClick={() => answer(given)}
    >
      <Sign size={15} aria-hidden />
    </button>
  );
  return (
    <li
      className={cx(
        css.card,
        alert.status !== 'open' && css.handled,
        room.chosen?.id === job.id && css.chosen,
      )}
      data-tone={alert.level === 'urgent' ? 'late' : 'risk'}
      data-alert={alert.about}
    >
      <button
        type="button"
        className={css.body}
        aria-pressed={room.chosen?.id === job.id}
        onClick={() => room.choose(job.id)}
      >
        <Icon size={15} className={css.icon} aria-hidden />
        <span className={css.what}>{what}</span>
        <span className={css.job}>
          {t.common.job(job.number)} · {format.time(from, room.zone.time_zone)}
          {lead !== undefined && ` · ${lead.split(' ')[0]}`}
        </span>
      </button>
      <div className={css.foot}>
        <span className={css.state}>
          {alert.status === 'acknowledged' && t.control.alerts.seen}
          {alert.snoozed_until !== null &&
            t.control.alerts.until(format.time(alert.snoozed_until, room.zone.time_zone))}
        </span>
        {room.rights.dispatch && (
          <>
            <Button
              size="small"
              data-action="fix"
              aria-label={`${t.room.fix}: ${what}, ${t.common.job(job.number)}`}
              onClick={fix}
            >
              {t.room.fix}
            </Button>
            {alert.status !== 'acknowledged' && act('acknowledge', Eye)}
            {alert.status !== 'snoozed' && act('snooze', BellOff)}
            {act('resolve', Check)}
          </>
        )}
      </div>
    </li>
  );
}
