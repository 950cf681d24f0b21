/** The bar on top: zone, day, how the day stands, and how live that is. */
import { ChevronLeft, ChevronRight, Keyboard, ListFilter, LogOut, Search, Settings } from 'lucide-react';
import type { User } from '../../hub/session';
import { wishes } from '../../state/filter';
import { useServices } from '../../state/services';
import { addDays } from '../../state/zoned';
import type { Zone } from '../../wire';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { Preferences } from '../parts/Preferences';
import { setSearch } from '../router';
import { WhoIsHere } from './Colleagues';
import css from './ControlBar.module.css';
import { FilterBar } from './FilterBar';
import { SyncStatus } from './SyncStatus';
import type { ControlRoom } from './useControlRoom';
import { useFilter, useShown } from './useFilter';
import { useSurround } from './useSurround';

interface BarProps {
  readonly room: ControlRoom;
  readonly zones: readonly Zone[];
  readonly today: string;
  readonly goTo: (date: string) => void;
  readonly user: User;
  readonly onHelp: () => void;
}

export function Bar({ room, zones, today, goTo, user, onHelp }: BarProps) {
  const { t, format } = useTexts();
  const { session } = useServices();
  const { open } = useSurround();
  const { filter } = useFilter();
  const { board, date, zone } = room;
  const shown = useShown(board, false);
  const jobs = [...board.jobs.values()].filter(shown.wanted);
  const atRisk = jobs.filter((job) => job.at_risk).length;
  const alerts = board.alerts.filter(({ alert, job }) => alert.status === 'open' && shown.wanted(job)).length;
  const onShift = shown.days.filter((day) => day.shifts.length > 0).length;
  const showAlerts = () => {
    room.choose(null);
    open('side');
  };
  return (
    <div>
      <header className={css.bar}>
        <h1 className={css.brand}>
          <img src="/icon.svg" width={24} height={24} alt="" />
          <span>{t.control.title}</span>
        </h1>
        <select
          className={css.zone}
          aria-label={t.control.zone}
          value={zone.slug}
          onChange={(event) => setSearch({ zone: event.target.value })}
        >
          {zones.map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {name}
            </option>
          ))}
        </select>
        <div className={css.days}>
          <button type="button" aria-label={t.control.previousDay} onClick={() => goTo(addDays(date, -1))}>
            <ChevronLeft size={18} aria-hidden />
          </button>
          <button
            type="button"
            className={cx(css.day, date === today && css.today)}
            onClick={() => goTo(today)}
            title={t.common.today}
          >
            {format.day(date)}
          </button>
          <button type="button" aria-label={t.control.nextDay} onClick={() => goTo(addDays(date, 1))}>
            <ChevronRight size={18} aria-hidden />
          </button>
        </div>
        <ul className={css.counts} aria-live="off">
          <li>{t.control.onShift(onShift)}</li>
          <li className={cx(shown.queue.length > 0 && css.attention)}>
            {t.control.unassignedCount(shown.queue.length)}
          </li>
          {alerts > 0 && (
            <li>
              <button type="button" className={css.risk} onClick={showAlerts}>
                {t.control.alertCount(alerts)}
              </button>
            </li>
          )}
          {atRisk > 0 && <li className={css.risk}>{t.control.atRiskCount(atRisk)}</li>}
        </ul>
        <span className={css.space} />
        <button
          type="button"
          className={cx(css.icon, !shown.all && css.filtered)}
          aria-label={t.room.filter.open(wishes(filter))}
          title={`${t.room.filter.open(wishes(filter))} (F)`}
          onClick={() => open('filter')}
        >
          <ListFilter size={18} aria-hidden />
        </button>
        <button type="button" className={css.search} onClick={() => open('palette')}>
          <Search size={16} aria-hidden />
          <span>{t.room.palette.search}</span>
          <kbd>{modifier()} K</kbd>
        </button>
        <span className={css.pill}>
          <SyncStatus timeZone={zone.time_zone} />
        </span>
        <span className={css.tools}>
          <WhoIsHere room={room} />
          <button
            type="button"
            className={cx(css.icon, css.keys)}
            onClick={onHelp}
            aria-label={t.control.help}
          >
            <Keyboard size={18} aria-hidden />
          </button>
          <a
            href="/admin"
            className={css.icon}
            aria-label={t.control.administration}
            title={t.control.administration}
          >
            <Settings size={18} aria-hidden />
          </a>
          <Preferences />
          <button
            type="button"
            className={css.icon}
            aria-label={`${t.common.signOut}: ${user.name}`}
            title={`${user.name} · ${t.common.signOut}`}
            onClick={() => void session.signOut()}
          >
            <LogOut size={18} aria-hidden />
          </button>
        </span>
      </header>
      <FilterBar room={room} />
    </div>
  );
}

/** What the key for commands is called on this device. */
function modifier(): string {
  return /mac|iphone|ipad/i.test(navigator.platform) ? '⌘' : 'Ctrl';
}
