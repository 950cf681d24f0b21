/** The hours above the timeline, the days where there are several, and the mark of the present. */
import { memo } from 'react';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { pxOf, type Scale } from './stage';
import css from './Timeline.module.css';

export const NAMES_PX = 184;
export const HEADER_PX = 36;
const HOUR = 3_600_000;
/** An hour's label and the mark of the present need this much between them. */
const LABEL_PX = 56;
const EVERY_HOURS = [1, 2, 3, 4, 6, 12] as const;

interface HeaderProps {
  readonly scale: Scale;
  readonly now: number | null;
  readonly count: number;
  readonly timeZone: string;
  readonly dates: readonly string[];
  readonly midnights: readonly number[];
}

export const TimelineHeader = memo(function TimelineHeader(props: HeaderProps) {
  const { scale, now, count, timeZone, dates, midnights } = props;
  const { t, format } = useTexts();
  const every = EVERY_HOURS.find((hours) => hours * scale.hourPx >= LABEL_PX) ?? 12;
  const hours = Math.round((scale.to - scale.from) / HOUR);
  const several = dates.length > 1;
  const marks = Array.from(
    { length: Math.ceil(hours / every) },
    (_, i) => scale.from + i * every * HOUR,
  ).filter((at) => {
    const fromNow = now === null ? LABEL_PX : pxOf(scale, at) - pxOf(scale, now);
    return fromNow < -LABEL_PX || fromNow > LABEL_PX / 2;
  });
  return (
    <div className={cx(css.header, several && css.several)} role="row" aria-rowindex={1}>
      <span className={css.corner} role="columnheader">
        {t.control.cleaners} <span>{count}</span>
      </span>
      {several &&
        dates.map((date, i) => (
          <span
            key={date}
            className={css.day}
            role="columnheader"
            style={{ left: NAMES_PX + Math.max(0, pxOf(scale, midnights[i] ?? scale.from)) }}
          >
            {format.day(date)}
          </span>
        ))}
      {marks.map((at) => (
        <span key={at} className={css.hour} role="columnheader" style={{ left: NAMES_PX + pxOf(scale, at) }}>
          {format.time(at, timeZone)}
        </span>
      ))}
      {now !== null && (
        <span className={css.nowMark} style={{ left: NAMES_PX + pxOf(scale, now) }} aria-hidden>
          {format.time(now, timeZone)}
        </span>
      )}
    </div>
  );
});
