/** The job itself: when, where, who, and what can be done with it. */

import { mayVacate } from '../../../state/control';
import { workSpan } from '../../../state/work';
import { useTexts } from '../../i18n';
import { Button } from '../../parts/Button';
import { Actions } from './Actions';
import type { InspectorProps } from './Inspector';
import css from './JobTab.module.css';

export function JobTabBody({ job, room }: InspectorProps) {
  const { t, format } = useTexts();
  const { from, to } = workSpan(job);
  const nameOf = (id: string) => room.board.days.find(({ cleaner }) => cleaner.id === id)?.cleaner.name ?? id;
  return (
    <div className={css.job}>
      {job.at_risk && <p className={css.risk}>{t.control.atRisk}</p>}
      <dl className={css.facts}>
        <dt>{t.control.time}</dt>
        <dd>
          {format.range(from, to, room.zone.time_zone)} · {t.common.duration(job.duration_minutes)}
        </dd>
        <dt>{t.control.cleaner}</dt>
        <dd>
          {job.seats.map((cleaner, seat) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a seat is its place in the list
            <span key={seat} className={css.seat}>
              <span>{cleaner === null ? t.control.nobody : nameOf(cleaner)}</span>
              {cleaner !== null && mayVacate(job) && room.rights.dispatch && (
                <Button
                  weight="quiet"
                  size="small"
                  data-action="unassign"
                  onClick={() => void room.unassign(job, seat)}
                >
                  {t.control.unassign}
                </Button>
              )}
            </span>
          ))}
        </dd>
        <dt>{t.control.customer}</dt>
        <dd>
          {job.customer_name ?? t.control.noCustomer}
          {job.customer_phone !== null && (
            <a className={css.phone} href={`tel:${job.customer_phone.replace(/[^+\d]/g, '')}`}>
              {job.customer_phone}
            </a>
          )}
        </dd>
        <dt>{t.control.place}</dt>
        <dd>{job.address}</dd>
        {job.access_notes !== '' && (
          <>
            <dt>{t.control.access}</dt>
            <dd>{job.access_notes}</dd>
          </>
        )}
      </dl>
      <Actions job={job} room={room} />
    </div>
  );
}
