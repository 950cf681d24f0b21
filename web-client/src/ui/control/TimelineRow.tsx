/** One cleaner's day: shifts, time off, how full it is, the jobs as bars, and where a job in the air would
 * land. Follows that cleaner's day and the desk, and nothing else. */
import { memo } from 'react';
import type { CleanerDay } from '../../state/control';
import type { DeskState } from '../../state/desk';
import type { Verdict } from '../../state/legality';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { DropPreview } from './DropPreview';
import { JobBar } from './JobBar';
import { reasonText } from './reasons';
import { barKey, pxOf, type Scale, type Stage } from './stage';
import css from './TimelineRow.module.css';
import { useCleanerDay } from './useBoard';
import { useObservableNow, useOnDesk } from './useControlRoom';

interface RowProps {
  readonly cleaner: string;
  readonly index: number;
  readonly stage: Stage;
  readonly scale: Scale;
  readonly now: number;
  /** The keyboard enters the grid here unless it is in it already. */
  readonly entry: boolean;
}

export const TimelineRow = memo(function TimelineRow(props: RowProps) {
  const day = useCleanerDay(props.stage.store, props.cleaner);
  return day === null ? null : <Row {...props} day={day} />;
});

function Row({ cleaner, index, stage, scale, now, entry, day }: RowProps & { readonly day: CleanerDay }) {
  const { desk } = stage;
  const verdict = useVerdict(stage, cleaner);
  const reached = useOnDesk(desk, ({ flight, placing }) => (flight ?? placing)?.cleaner === cleaner);
  const cursor = useObservableNow(stage.cursor);
  const onRow = cursor?.cleaner === cleaner ? cursor : null;
  const place = (row: { starts_at: string; ends_at: string }) => {
    const from = Math.max(Date.parse(row.starts_at), scale.from);
    const to = Math.min(Date.parse(row.ends_at), scale.to);
    return { left: pxOf(scale, from), width: Math.max(0, pxOf(scale, to) - pxOf(scale, from)) };
  };
  const choosePlace = (x: number, track: Element | null) => {
    const { placing } = desk.state.value;
    if (placing === null) return;
    desk.aim({ cleaner });
    if (placing.kind === 'move' && track !== null) {
      const at = scale.from + ((x - track.getBoundingClientRect().left) / scale.hourPx) * 3_600_000;
      desk.aim({ start: Math.round(at / 900_000) * 900_000 });
    }
    desk.commit();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and Enter are the screen's own keys
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={reached}
      className={cx(css.row, verdict !== null && css[verdict.kind], reached && css.reached)}
      style={{ top: index * scale.rowPx, height: scale.rowPx }}
      data-cleaner={cleaner}
      data-verdict={verdict?.kind}
      onClick={(event) => {
        const onTrack = event.target instanceof Element ? event.target.closest('[data-track]') : null;
        choosePlace(event.clientX, onTrack);
      }}
    >
      <RowHeader
        day={day}
        verdict={verdict}
        stage={stage}
        focusable={onRow === null ? entry && cursor === null : onRow.bar === null}
      />
      <div role="gridcell" className={css.track} data-track>
        {day.shifts.map((shift) => (
          <span key={shift.id} className={css.shift} style={place(shift)} />
        ))}
        {day.timeOff.map((row) => (
          <TimeOff key={row.id} place={place(row)} />
        ))}
        {day.bars.map((bar) => (
          <JobBar
            key={barKey(bar.job.id, bar.seat)}
            bar={bar}
            stage={stage}
            scale={scale}
            now={now}
            focusable={onRow?.bar === barKey(bar.job.id, bar.seat)}
          />
        ))}
        {reached && <DropPreview stage={stage} scale={scale} verdict={verdict} />}
      </div>
    </div>
  );
}

function TimeOff({ place }: { place: { left: number; width: number } }) {
  const { t } = useTexts();
  return (
    <span className={css.timeOff} style={place} title={t.control.reason.time_off}>
      <span className="visually-hidden">{t.control.reason.time_off}</span>
    </span>
  );
}

interface HeaderProps {
  readonly day: CleanerDay;
  readonly verdict: Verdict | null;
  readonly stage: Stage;
  readonly focusable: boolean;
}

function RowHeader({ day, verdict, stage, focusable }: HeaderProps) {
  const { t, format } = useTexts();
  const { cleaner, shifts, load } = day;
  const percent = Math.round(load * 100);
  const reason = verdict?.reason ?? null;
  const name = t.timeline.rowName(
    cleaner.name,
    t.duty[cleaner.duty],
    t.timeline.jobs(day.bars.length),
    shifts.length === 0 ? t.timeline.noShift : t.timeline.load(percent),
  );
  return (
    <span
      role="rowheader"
      className={css.name}
      title={name}
      tabIndex={focusable ? 0 : -1}
      data-cell={cleaner.id}
    >
      <span className={cx(css.duty, css[cleaner.duty])} aria-hidden />
      <span className={css.label}>
        <span className={css.text}>{cleaner.name}</span>
        {reason !== null && (
          <span className={css.reason}>{reasonText(t, format, reason, stage.timeZone)}</span>
        )}
        <span className="visually-hidden">{name.slice(cleaner.name.length)}</span>
      </span>
      <span className={cx(css.load, load > 1 && css.over)} aria-hidden>
        <span style={{ height: `${Math.min(percent, 100)}%` }} />
      </span>
    </span>
  );
}

/** What the rules say to the jobs in the air or being placed, over this row. */
function useVerdict({ desk }: Stage, cleaner: string): Verdict | null {
  const verdictAt = (state: DeskState): Verdict | null => {
    const { flight, placing } = state;
    if (flight !== null) return desk.verdict(flight.jobs, cleaner, flight.start);
    if (placing === null || placing.start === null) return null;
    return desk.verdict(placing.jobs, cleaner, placing.start);
  };
  const told = useOnDesk(desk, (state) => {
    const verdict = verdictAt(state);
    return verdict === null ? '' : `${verdict.kind} ${verdict.reason?.kind ?? ''} ${verdict.sure}`;
  });
  return told === '' ? null : verdictAt(desk.state.value);
}
