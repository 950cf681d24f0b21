/** The steps of a visit, each with the time it was reached. */
import { Ban, Check } from 'lucide-react';
import type { JobStatus, VisitRow } from '../../wire';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import css from './StatusLine.module.css';

type Step = 'booked' | 'assigned' | 'acknowledged' | 'en_route' | 'arrived' | 'in_progress' | 'completed';
const STEPS: readonly Step[] = [
  'booked',
  'assigned',
  'acknowledged',
  'en_route',
  'arrived',
  'in_progress',
  'completed',
];

/** How many steps a status has reached. */
const REACHED: Record<JobStatus, number> = {
  unassigned: 1,
  assigned: 2,
  acknowledged: 3,
  en_route: 4,
  arrived: 5,
  in_progress: 6,
  paused: 6,
  completed: 7,
  verified: 7,
  cancelled: 0,
  no_access: 5,
  cleaner_no_show: 3,
};

/** Ends shown as a last line of their own. */
const ENDED = ['cancelled', 'no_access', 'cleaner_no_show'] as const;

interface StatusLineProps {
  readonly visit: VisitRow;
  readonly timeZone: string;
  readonly now: number;
}

export function StatusLine({ visit, timeZone, now }: StatusLineProps) {
  const { t, format } = useTexts();
  const ended = ENDED.find((status) => status === visit.status) ?? null;
  const reached = ended === null ? REACHED[visit.status] : STEPS.filter((step) => timeOf(visit, step)).length;
  const shown = ended === null ? STEPS : STEPS.slice(0, reached);
  const endedAt = ended === null ? undefined : visit.times[ended];
  return (
    <ol className={css.line}>
      {shown.map((step, i) => {
        const done = i < reached;
        const current = ended === null && i === reached - 1;
        const at = done ? timeOf(visit, step) : undefined;
        return (
          <li
            key={step}
            className={cx(css.step, done && css.done, current && css.current)}
            aria-current={current ? 'step' : undefined}
            data-step={step}
          >
            <span className={css.mark} aria-hidden>
              {done && <Check size={14} />}
            </span>
            <span className={css.name}>{t.customer.steps[step]}</span>
            {at !== undefined && <time dateTime={at}>{format.moment(at, timeZone, now)}</time>}
          </li>
        );
      })}
      {ended !== null && (
        <li className={cx(css.step, css.ended)} aria-current="step" data-step={ended}>
          <span className={css.mark} aria-hidden>
            <Ban size={14} />
          </span>
          <span className={css.name}>{t.jobStatus[ended]}</span>
          {endedAt !== undefined && <time dateTime={endedAt}>{format.moment(endedAt, timeZone, now)}</time>}
        </li>
      )}
    </ol>
  );
}

function timeOf(visit: VisitRow, step: Step): string | undefined {
  return visit.times[step === 'booked' ? 'unassigned' : step];
}
