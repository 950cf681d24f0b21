/** Who is signed in here, their duty and shifts, and what this phone tells and keeps. */
import { useState } from 'react';
import { waiting } from '../../hub/outbox';
import { about } from '../../state/foresight';
import { useHandset } from '../../state/handset';
import { useNow } from '../../state/now';
import { byStart } from '../../state/work';
import type { Duty } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { Failure } from '../parts/Notice';
import { Preferences } from '../parts/Preferences';
import { Sheet } from '../parts/Sheet';
import { Actions } from './Actions';
import css from './MeTab.module.css';
import { PositionSwitch } from './PositionSwitch';
import tabs from './tabs.module.css';
import { type Desk, timeZoneOf } from './WorkScreen';

const DUTIES: readonly Duty[] = ['on', 'break', 'off'];
const SHIFTS = 5;

export function MeTab({ desk }: { desk: Desk }) {
  const { t, format } = useTexts();
  const { courier } = useHandset();
  const { me, zones, outbox } = desk;
  const set = (duty: Duty) => {
    if (duty !== me.duty) void courier.add({ kind: 'duty.set', parameters: { duty } }, null);
  };
  const names = me.zones.map((slug) => zones.find((zone) => zone.slug === slug)?.name ?? slug);
  return (
    <div className={tabs.tab}>
      <header className={tabs.head}>
        <h1>{me.name}</h1>
        <p>{t.work.dutyHint}</p>
      </header>
      {!me.active && <Failure title={t.work.inactive} />}
      <fieldset className={css.duty} aria-label={t.duty[me.duty]}>
        {DUTIES.map((duty) => (
          <button
            key={duty}
            type="button"
            className={cx(me.duty === duty && css.chosen)}
            aria-pressed={me.duty === duty}
            onClick={() => set(duty)}
          >
            {t.duty[duty]}
          </button>
        ))}
      </fieldset>
      <Actions entries={about(outbox, 'duty')} timeZone={timeZoneOf(zones, me.zones[0] ?? '')} />
      <Shifts desk={desk} />
      <PositionSwitch />
      <dl className={css.facts}>
        <dt>{t.work.zones}</dt>
        <dd>{format.list(names)}</dd>
        <dt>{t.work.skills}</dt>
        <dd>{me.skills.length === 0 ? '–' : format.list(me.skills)}</dd>
        <dt>{t.work.phone}</dt>
        <dd>{me.phone ?? '–'}</dd>
      </dl>
      <div className={css.preferences}>
        <Preferences withLabels />
      </div>
      <SignOut unsent={waiting(outbox).length} />
    </div>
  );
}

/** The next shifts, and the time off that is to come. */
function Shifts({ desk }: { desk: Desk }) {
  const { t, format } = useTexts();
  const now = useNow(60_000);
  const { rows, zones, me } = desk;
  const home = timeZoneOf(zones, me.zones[0] ?? '');
  const coming = <T extends { readonly starts_at: string; readonly ends_at: string }>(all: Iterable<T>) =>
    byStart([...all].filter((row) => Date.parse(row.ends_at) > now));
  const shifts = coming(rows.shift.values()).slice(0, SHIFTS);
  const timeOff = coming(rows.time_off.values());
  return (
    <section className={tabs.group}>
      <h2>{t.work.shifts}</h2>
      {shifts.length === 0 && <p className={css.none}>{t.work.noShifts}</p>}
      <ul className={css.shifts}>
        {shifts.map((shift) => (
          <li key={shift.id}>
            <span>{format.relativeDay(shift.local_date, timeZoneOf(zones, shift.zone), now)}</span>
            <span>{format.range(shift.starts_at, shift.ends_at, timeZoneOf(zones, shift.zone))}</span>
          </li>
        ))}
        {timeOff.map((row) => (
          <li key={row.id} className={css.off}>
            {t.work.timeOff(
              `${format.moment(row.starts_at, home, now)} – ${format.moment(row.ends_at, home, now)}`,
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What is not sent yet goes with the sign-in, so that is asked about. */
function SignOut({ unsent }: { unsent: number }) {
  const { t } = useTexts();
  const handset = useHandset();
  const [asking, setAsking] = useState(false);
  const leave = () => void handset.signOut();
  return (
    <div className={css.leave}>
      <Button size="large" onClick={() => (unsent > 0 ? setAsking(true) : leave())}>
        {t.common.signOut}
      </Button>
      <p className={css.none}>{t.work.kept}</p>
      {asking && (
        <Sheet title={t.work.leaveTitle} onClose={() => setAsking(false)}>
          <p>{t.work.leaveUnsent(unsent)}</p>
          <Button size="large" weight="primary" onClick={() => setAsking(false)}>
            {t.work.stay}
          </Button>
          <Button size="large" weight="danger" onClick={leave}>
            {t.work.leaveAnyway}
          </Button>
        </Sheet>
      )}
    </div>
  );
}
