/** The day as a list, for narrow screens: each cleaner with their jobs. */
import type { CleanerDay } from '../../state/control';
import { workSpan } from '../../state/work';
import { useTexts } from '../i18n';
import { Empty } from '../parts/Notice';
import { StatusBadge } from '../parts/tones';
import { JobMarks } from './Colleagues';
import css from './DayList.module.css';
import type { ControlRoom } from './useControlRoom';
import { useShown } from './useFilter';

export function DayList({ room }: { room: ControlRoom }) {
  const { t } = useTexts();
  const { days } = useShown(room.board, false);
  return (
    <section className={css.list} aria-label={t.control.cleaners}>
      <h2 className={css.title}>
        {t.control.cleaners} <span>{days.length}</span>
      </h2>
      {days.length === 0 && <Empty title={t.control.noCleaners} hint={t.control.noCleanersHint} />}
      <ul>
        {days.map((day) => (
          <Cleaner key={day.cleaner.id} day={day} room={room} />
        ))}
      </ul>
    </section>
  );
}

function Cleaner({ day, room }: { day: CleanerDay; room: ControlRoom }) {
  const { t, format } = useTexts();
  const zone = room.zone.time_zone;
  return (
    <li className={css.cleaner}>
      <div className={css.head}>
        <strong>{day.cleaner.name}</strong>
        <span>
          {day.shifts.map((shift) => format.range(shift.starts_at, shift.ends_at, zone)).join(', ')}
        </span>
      </div>
      <ul className={css.jobs}>
        {day.bars.map(({ job, seat }) => {
          const { from, to } = workSpan(job);
          return (
            <li key={`${job.id} ${seat}`}>
              <button
                type="button"
                className={css.job}
                data-job={job.number}
                data-status={job.status}
                onClick={() => room.choose(job.id)}
              >
                <span>{format.range(from, to, zone)}</span>
                <StatusBadge status={job.status} />
                <span className={css.who}>
                  {job.customer_name ?? t.control.noCustomer} · {room.serviceName(job.service)}
                </span>
                <JobMarks job={job.id} />
              </button>
            </li>
          );
        })}
      </ul>
    </li>
  );
}
