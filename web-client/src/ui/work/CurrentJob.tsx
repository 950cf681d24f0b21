/** The job at hand as a card. */
import { CircleDot } from 'lucide-react';
import { workSpan } from '../../state/work';
import type { AgendaJobRow } from '../../wire';
import { useTexts } from '../i18n';
import { STATUS_TONE, StatusBadge } from '../parts/tones';
import css from './CurrentJob.module.css';
import { JobFacts } from './JobFacts';
import { JobSteps } from './JobSteps';
import { PositionQuestion } from './PositionQuestion';
import { type Desk, timeZoneOf } from './WorkScreen';

interface CurrentJobProps {
  readonly job: AgendaJobRow;
  readonly desk: Desk;
  readonly now: number;
}

export function CurrentJob({ job, desk, now }: CurrentJobProps) {
  const { t, format } = useTexts();
  const timeZone = timeZoneOf(desk.zones, job.zone);
  const { from, to } = workSpan(job);
  const service = desk.services.find(({ slug }) => slug === job.service)?.name ?? job.service;
  const since = job.times[job.status];
  const begun = job.times.in_progress;
  return (
    <article className={css.card} data-tone={STATUS_TONE[job.status]} data-job={job.number}>
      <header className={css.header}>
        <StatusBadge status={job.status} />
        <span className={css.number}>{t.common.job(job.number)}</span>
      </header>
      <h2 className={css.time}>{format.range(from, to, timeZone)}</h2>
      <p className={css.what}>
        {service} · {t.common.duration(job.duration_minutes)}
      </p>
      {job.status === 'in_progress' && begun !== undefined ? (
        <p className={css.since}>
          <CircleDot size={14} aria-hidden />
          {t.work.elapsed(t.common.duration(Math.max(0, Math.floor((now - Date.parse(begun)) / 60_000))))}
        </p>
      ) : (
        since !== undefined && (
          <p className={css.since}>
            {t.jobStatus[job.status]} {t.work.since(format.moment(since, timeZone, now))}
          </p>
        )
      )}
      <JobFacts job={job} />
      <JobSteps job={job} desk={desk} prominence="large" />
      {job.status === 'en_route' && <PositionQuestion />}
    </article>
  );
}
