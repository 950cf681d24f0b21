/** The job at hand with its one next step, then the rest of the day. */
import { CircleCheckBig, Coffee } from 'lucide-react';
import { subjectOf } from '../../hub/outbox';
import { useNow } from '../../state/now';
import { todayOf } from '../../state/work';
import { localDate } from '../../state/zoned';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { Empty } from '../parts/Notice';
import { setSearch } from '../router';
import { Actions } from './Actions';
import { CurrentJob } from './CurrentJob';
import { JobLine } from './JobLine';
import css from './tabs.module.css';
import { type Desk, timeZoneOf } from './WorkScreen';

export function TodayTab({ desk }: { desk: Desk }) {
  const { t, format } = useTexts();
  const now = useNow(30_000);
  const timeZone = timeZoneOf(desk.zones, desk.me.zones[0] ?? '');
  const date = localDate(now, timeZone);
  const { current, later, done } = todayOf(desk.rows.agenda_job.values(), date);
  const shifts = [...desk.rows.shift.values()].filter((shift) => shift.local_date === date);
  return (
    <div className={css.tab}>
      <header className={css.head}>
        <h1>{format.longDay(date)}</h1>
        <p>
          {shifts.length === 0
            ? t.work.noShift
            : shifts
                .map((shift) => t.work.shift(format.range(shift.starts_at, shift.ends_at, timeZone)))
                .join(', ')}
        </p>
      </header>
      <Departed desk={desk} timeZone={timeZone} />
      {current !== null && <CurrentJob key={current.id} job={current} desk={desk} now={now} />}
      {current === null && done.length > 0 && (
        <Empty title={t.work.allDone} icon={<CircleCheckBig aria-hidden />} />
      )}
      {current === null && done.length === 0 && <NothingToday open={desk.open.length} />}
      {later.length > 0 && (
        <section className={css.group}>
          <h2>{t.work.later}</h2>
          <ol className={css.list}>
            {later.map((job) => (
              <JobLine key={job.id} job={job} desk={desk} showTravel />
            ))}
          </ol>
        </section>
      )}
      {done.length > 0 && (
        <section className={css.group}>
          <h2>{t.work.done}</h2>
          <ol className={css.list}>
            {done.map((job) => (
              <JobLine key={job.id} job={job} desk={desk} />
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

/** What became of actions on jobs that are not here any more. */
function Departed({ desk, timeZone }: { desk: Desk; timeZone: string }) {
  const { rows, open, outbox } = desk;
  const here = new Set([...rows.agenda_job.keys(), ...open.map(({ id }) => id), 'duty']);
  const departed = outbox.filter(({ action }) => !here.has(subjectOf(action)));
  return <Actions entries={departed} timeZone={timeZone} named />;
}

function NothingToday({ open }: { open: number }) {
  const { t } = useTexts();
  return (
    <Empty
      title={t.work.nothingToday}
      hint={open > 0 ? t.work.nothingTodayHint(open) : t.work.nothingTodayNoOpen}
      icon={<Coffee aria-hidden />}
    >
      {open > 0 && (
        <Button weight="primary" size="large" onClick={() => setSearch({ tab: 'open' })}>
          {t.work.seeOpen}
        </Button>
      )}
    </Empty>
  );
}
