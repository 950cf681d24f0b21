/** Fourteen live days and the times of one of them. */
import { useMemo } from 'react';
import type { Phase } from '../../hub/view';
import { type Openings, openings } from '../../state/availability';
import { useNow } from '../../state/now';
import { slotsOf } from '../../state/services';
import { useViews } from '../../state/useViews';
import { addDays, localDate, weekday } from '../../state/zoned';
import type { Service, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { Empty, Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { setSearch, useSearch } from '../router';
import { Times } from './Times';
import css from './WhenStep.module.css';

const DAYS = 14;
const NO_OPENINGS: Openings = new Map();

interface Day {
  readonly date: string;
  readonly open: Openings;
  readonly phase: Phase['kind'];
  readonly closed: boolean;
}

interface WhenStepProps {
  readonly zone: Zone;
  readonly service: Service;
  /** The start that is being held right now. */
  readonly holding: number | null;
  readonly onChoose: (start: number) => void;
}

export function WhenStep({ zone, service, holding, onChoose }: WhenStepProps) {
  const { t, format } = useTexts();
  const now = useNow(10_000);
  const days = useDays(zone, service, now);
  const firstOpen = days.find((day) => day.open.size > 0) ?? null;
  const asked = useSearch().get('date');
  const chosen = days.find((day) => day.date === asked) ?? firstOpen ?? days[0];
  if (chosen === undefined) return null;
  const settled = days.every((day) => day.phase !== 'loading');
  return (
    <div className={css.step}>
      <fieldset className={css.strip} aria-label={t.customer.whenTitle}>
        {days.map((day) => (
          <DayButton key={day.date} day={day} chosen={day === chosen} />
        ))}
      </fieldset>
      <p className={css.zone}>
        {t.customer.zoneTime(zone.name)} · {format.time(now, zone.time_zone)}
      </p>
      <DayTimes
        day={chosen}
        zone={zone}
        holding={holding}
        onChoose={onChoose}
        next={firstOpen === null || !settled ? null : (after(days, chosen.date) ?? firstOpen)}
        nothingAtAll={settled && firstOpen === null}
      />
    </div>
  );
}

function useDays(zone: Zone, service: Service, now: number): readonly Day[] {
  const today = localDate(now, zone.time_zone);
  const dates = useMemo(() => Array.from({ length: DAYS }, (_, i) => addDays(today, i)), [today]);
  const views = useViews(dates.map((date) => `slots:${zone.slug}:${date}`));
  return useMemo(
    () =>
      dates.map((date, i): Day => {
        const view = views[i] ?? null;
        return {
          date,
          open: view === null ? NO_OPENINGS : openings(slotsOf(view), service, now),
          phase: view?.phase.kind ?? 'loading',
          closed: zone.opening_hours[weekday(date)] == null,
        };
      }),
    [dates, views, service, zone, now],
  );
}

function after(days: readonly Day[], date: string): Day | null {
  return days.find((day) => day.date > date && day.open.size > 0) ?? null;
}

function DayButton({ day, chosen }: { day: Day; chosen: boolean }) {
  const { t, format } = useTexts();
  const count = day.open.size;
  const note =
    day.phase === 'loading'
      ? '…'
      : count > 0
        ? t.customer.timesOn(count)
        : day.closed
          ? t.customer.closed
          : t.customer.none;
  return (
    <button
      type="button"
      className={cx(css.day, chosen && css.chosen, count === 0 && css.full)}
      aria-pressed={chosen}
      onClick={() => setSearch({ date: day.date })}
    >
      <span className={css.weekday}>{format.weekday(day.date)}</span>
      <span className={css.number}>{format.dayOfMonth(day.date)}</span>
      <span className={css.note}>{note}</span>
      <span className="visually-hidden">{format.longDay(day.date)}</span>
    </button>
  );
}

interface DayTimesProps {
  readonly day: Day;
  readonly zone: Zone;
  readonly holding: number | null;
  readonly onChoose: (start: number) => void;
  readonly next: Day | null;
  readonly nothingAtAll: boolean;
}

function DayTimes({ day, zone, holding, onChoose, next, nothingAtAll }: DayTimesProps) {
  const { t, format } = useTexts();
  if (day.phase === 'loading') return <Skeleton rows={3} height={48} />;
  if (day.phase === 'closed') {
    return <Failure title={t.common.closedChannel} hint={t.common.closedChannelHint} />;
  }
  return (
    <>
      <h3 className={css.dayTitle}>{format.longDay(day.date)}</h3>
      <Times key={day.date} open={day.open} zone={zone} holding={holding} onChoose={onChoose}>
        {nothingAtAll ? (
          <Empty title={t.customer.noTimesAtAll} />
        ) : (
          <Empty
            title={t.customer.noTimes}
            {...(next === null ? {} : { hint: t.customer.noTimesHint(format.longDay(next.date)) })}
          >
            {next !== null && (
              <Button size="small" onClick={() => setSearch({ date: next.date })}>
                {t.customer.nextFree}
              </Button>
            )}
          </Empty>
        )}
      </Times>
    </>
  );
}
