/** A job on the timeline: colour, icon and pattern of its state, the way there hatched before it, and where
 * it stood before it was moved. Drawn anew when its own row of the view is another. */
import { Flame, TriangleAlert } from 'lucide-react';
import { memo, useEffect, useRef, useState } from 'react';
import { authorOf } from '../../hub/reducer';
import { type Bar, lateMinutes, startOf } from '../../state/control';
import { initials } from '../../state/presence';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { STATUS_ICON, STATUS_TONE } from '../parts/tones';
import { JobMarks, useSayings } from './Colleagues';
import css from './JobBar.module.css';
import { barKey, pxOf, type Scale, type Stage, serviceName } from './stage';
import { useColleagues } from './useColleagues';
import { useOnDesk } from './useControlRoom';

interface JobBarProps {
  readonly bar: Bar;
  readonly stage: Stage;
  readonly scale: Scale;
  readonly now: number;
  readonly focusable: boolean;
}

const MINUTE = 60_000;
const FLASH_MS = 900;
const LEAST_PX = 20;

export const JobBar = memo(function JobBar({ bar, stage, scale, now, focusable }: JobBarProps) {
  const { t, format } = useTexts();
  const { job, seat, optimistic, was } = bar;
  const { desk, timeZone, services } = stage;
  const start = startOf(job);
  const end = start + job.duration_minutes * MINUTE;
  const wayPx = (job.travel_buffer_minutes / 60) * scale.hourPx;
  const width = pxOf(scale, end) - pxOf(scale, start);
  const late = lateMinutes(job, now);
  const Icon = STATUS_ICON[job.status];
  const service = serviceName(services, job.service);
  const who = job.customer_name ?? service;
  const sayings = useSayings(job.id);
  const flash = useFlash(bar, stage);
  const marks = useOnDesk(desk, ({ chosen, selected, flight }) =>
    [
      chosen === job.id ? css.chosen : '',
      selected.has(job.id) ? css.selected : '',
      flight?.jobs.includes(job.id) === true ? css.lifted : '',
    ].join(' '),
  );
  const chosen = useOnDesk(desk, (state) => state.chosen === job.id || state.selected.has(job.id));
  const name = [
    t.control.barName(
      `${who} ${format.time(start, timeZone)} ${service}`,
      t.common.job(job.number),
      format.range(start, end, timeZone),
      optimistic ? t.control.sending : t.jobStatus[job.status],
    ),
    ...(late > 0 ? [t.timeline.late(t.common.duration(late))] : []),
    ...(job.at_risk ? [t.timeline.atRisk] : []),
    ...(was === null ? [] : [t.timeline.was(format.time(was, timeZone))]),
    ...sayings,
  ].join('. ');
  return (
    <>
      {was !== null && (
        <span
          className={css.was}
          style={{ left: pxOf(scale, was), width }}
          title={t.timeline.was(format.time(was, timeZone))}
          aria-hidden
        />
      )}
      <span className={css.buffer} style={{ left: pxOf(scale, start) - wayPx, width: wayPx }} aria-hidden />
      <button
        type="button"
        className={cx(css.bar, optimistic && css.optimistic, late > 0 && css.late, marks)}
        style={{ left: pxOf(scale, start), width: Math.max(width - 2, LEAST_PX) }}
        data-tone={STATUS_TONE[job.status]}
        data-status={job.status}
        data-job={job.number}
        data-job-id={job.id}
        data-cell={barKey(job.id, seat)}
        tabIndex={focusable ? 0 : -1}
        aria-label={name}
        aria-pressed={chosen}
        title={name}
        onClick={(event) => {
          if (desk.state.value.placing !== null) return;
          event.stopPropagation();
          if (event.ctrlKey || event.metaKey || event.shiftKey) desk.toggle(job.id);
          else desk.choose(job.id);
        }}
        onPointerDown={(event) => stage.begin(event, job.id, seat)}
      >
        {flash !== null && <Flash key={flash.version} by={flash.by} stage={stage} />}
        <Icon size={14} aria-hidden />
        {late > 0 && <Flame size={13} className={css.lateIcon} aria-hidden />}
        {job.at_risk && <TriangleAlert size={13} className={css.riskIcon} aria-hidden />}
        <span className={css.text}>
          <strong>{who}</strong> {format.time(start, timeZone)}
          <span className={css.service}> {service}</span>
        </span>
        <JobMarks job={job.id} />
      </button>
    </>
  );
});

interface Flashing {
  readonly version: number;
  readonly by: string;
}

/** A change by somebody else, for as long as it is told; none of one's own, and none in a crowd. */
function useFlash({ job }: Bar, { me, flashes }: Stage): Flashing | null {
  const seen = useRef(job.version);
  const [flash, setFlash] = useState<Flashing | null>(null);
  useEffect(() => {
    if (job.version === seen.current) return;
    seen.current = job.version;
    const by = authorOf(job);
    if (by === null || by === me || !flashes.note()) return;
    setFlash({ version: job.version, by });
  }, [job, me, flashes]);
  useEffect(() => {
    if (flash === null) return;
    const timer = setTimeout(() => setFlash(null), FLASH_MS);
    return () => clearTimeout(timer);
  }, [flash]);
  return flash;
}

function Flash({ by, stage }: { by: string; stage: Stage }) {
  const { company } = useColleagues();
  const colleague = company.colleagues.find(({ id }) => id === by)?.initials;
  const cleaner = stage.store.day(by)?.cleaner.name;
  const who = colleague ?? (cleaner === undefined ? null : initials(cleaner));
  return (
    <>
      <span className={css.flash} data-flash aria-hidden />
      {/* Drawn, not said: the bar's name tells what it shows, and this is there for a moment. */}
      {who !== null && <span className={css.who} data-who={who} aria-hidden />}
    </>
  );
}
