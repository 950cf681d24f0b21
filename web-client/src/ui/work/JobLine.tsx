/** A job of one's own in one or two lines, opened for the rest. */

import { workSpan } from '../../state/work';
import type { AgendaJobRow } from '../../wire';
import { useTexts } from '../i18n';
import { StatusBadge } from '../parts/tones';
import { JobFacts } from './JobFacts';
import css from './JobLine.module.css';
import { JobSteps } from './JobSteps';
import { type Desk, timeZoneOf } from './WorkScreen';

interface JobLineProps {
  readonly job: AgendaJobRow;
  readonly desk: Desk;
  readonly showTravel?: boolean;
}

export function JobLine({ job, desk, showTravel = false }: JobLineProps) {
  const { t, format } = useTexts();
  const { from, to } = workSpan(job);
  const service = desk.services.find(({ slug }) => slug === job.service)?.name ?? job.service;
  return (
    <li data-job={job.number}>
      {showTravel && <p className={css.travel}>{t.work.travel(job.travel_buffer_minutes)}</p>}
      <details className={css.line}>
        <summary className={css.summary}>
          <span className={css.time}>{format.range(from, to, timeZoneOf(desk.zones, job.zone))}</span>
          <StatusBadge status={job.status} />
          <span className={css.what}>
            {service} · {job.address}
          </span>
        </summary>
        <div className={css.body}>
          <JobFacts job={job} />
          <JobSteps job={job} desk={desk} prominence="quiet" />
        </div>
      </details>
    </li>
  );
}
