/** Shifts, time off and jobs of the coming days. */
import { CalendarDays } from 'lucide-react';
import { useNow } from '../../state/now';
import { byStart } from '../../state/work';
import { localDate } from '../../state/zoned';
import type { AgendaJobRow, ShiftRow } from '../../wire';
import { useTexts } from '../i18n';
import { Empty } from '../parts/Notice';
import css from './AgendaTab.module.css';
import { JobLine } from './JobLine';
import tabs from './tabs.module.css';
import { type Desk, timeZoneOf } from './WorkScreen';

interface AgendaDay {
  readonly shifts: ShiftRow[];
  readonly jobs: AgendaJobRow[];
}

export function AgendaTab({ desk }: { desk: Desk }) {
  const { t, format } = useTexts();
  const now = useNow(60_000);
  const timeZone = timeZoneOf(desk.zones, desk.me.zones[0] ?? '');
  const days = comingDays(desk, localDate(now, timeZone));
  const timeOff = byStart([...desk.rows.time_off.values()]).filter((row) => Date.parse(row.ends_at) > now);
  return (
    <div className={tabs.tab}>
      <header className={tabs.head}>
        <h1>{t.work.agenda}</h1>
      </header>
      {timeOff.map((row) => (
        <p key={row.id} className={css.timeOff}>
          {t.work.timeOff(
            `${format.moment(row.starts_at, timeZone, now)} – ${format.moment(row.ends_at, timeZone, now)}`,
          )}
        </p>
      ))}
      {days.length === 0 && (
        <Empty
          title={t.work.nothingAgenda}
          hint={t.work.nothingAgendaHint}
          icon={<CalendarDays aria-hidden />}
        />
      )}
      {days.map(([date, { shifts, jobs }]) => (
        <section key={date} className={css.day}>
          <h2>{format.relativeDay(date, timeZone, now)}</h2>
          {shifts.map((shift) => (
            <p key={shift.id} className={css.shift}>
              {t.work.shift(format.range(shift.starts_at, shift.ends_at, timeZoneOf(desk.zones, shift.zone)))}
            </p>
          ))}
          {jobs.length > 0 && (
            <ol className={tabs.list}>
              {jobs.map((job) => (
                <JobLine key={job.id} job={job} desk={desk} />
              ))}
            </ol>
          )}
        </section>
      ))}
    </div>
  );
}

function comingDays(desk: Desk, today: string): readonly (readonly [string, AgendaDay])[] {
  const days = new Map<string, AgendaDay>();
  const dayOf = (date: string) => {
    const known = days.get(date) ?? { shifts: [], jobs: [] };
    days.set(date, known);
    return known;
  };
  for (const shift of byStart([...desk.rows.shift.values()])) dayOf(shift.local_date).shifts.push(shift);
  for (const job of byStart([...desk.rows.agenda_job.values()])) dayOf(job.local_date).jobs.push(job);
  return [...days].filter(([date]) => date >= today).sort(([a], [b]) => a.localeCompare(b));
}
