/** Where the jobs in the air, or being placed, would stand: a dashed bar with its time. */
import { busyAt } from '../../state/controlAxis';
import type { Verdict } from '../../state/legality';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import css from './DropPreview.module.css';
import { pxOf, type Scale, type Stage } from './stage';
import { useOnDesk } from './useControlRoom';

const MINUTE = 60_000;

interface PreviewProps {
  readonly stage: Stage;
  readonly scale: Scale;
  readonly verdict: Verdict | null;
}

export function DropPreview({ stage, scale, verdict }: PreviewProps) {
  const { format } = useTexts();
  const { desk, store, timeZone } = stage;
  const start = useOnDesk(desk, ({ flight, placing }) => (flight ?? placing)?.start ?? null);
  const id = useOnDesk(desk, ({ flight, placing }) => (flight ?? placing)?.jobs[0] ?? null);
  const job = id === null ? null : store.job(id);
  if (job === null || start === null) return null;
  const end = start + job.duration_minutes * MINUTE;
  const { from } = busyAt(job, start);
  return (
    <>
      <span
        className={css.way}
        style={{ left: pxOf(scale, from), width: pxOf(scale, start) - pxOf(scale, from) }}
      />
      <span
        className={cx(
          css.place,
          verdict?.kind === 'illegal' && css.illegal,
          verdict?.kind === 'soft' && css.soft,
        )}
        style={{ left: pxOf(scale, start), width: pxOf(scale, end) - pxOf(scale, start) }}
        data-drop={new Date(start).toISOString()}
        aria-hidden
      >
        {format.range(start, end, timeZone)}
      </span>
    </>
  );
}
