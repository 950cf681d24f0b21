/** The times of a day as chips. One that goes is struck where it stands, and nothing moves while the list
 * is pointed at. */
import { LoaderCircle } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { type Openings, type PartOfDay, partOfDay } from '../../state/availability';
import { advanceChips, type Chip } from '../../state/chips';
import { useServices } from '../../state/services';
import type { Zone } from '../../wire';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import css from './Times.module.css';

const PARTS: readonly PartOfDay[] = ['morning', 'day', 'evening'];
const LOOK_EVERY_MS = 500;

interface TimesProps {
  readonly open: Openings;
  readonly zone: Zone;
  readonly holding: number | null;
  readonly onChoose: (start: number) => void;
  /** Shown when there is nothing to choose. */
  readonly children: ReactNode;
}

export function Times({ open, zone, holding, onChoose, children }: TimesProps) {
  const { t, format } = useTexts();
  const { chips, enter, leave } = useChips(open);
  if (chips.length === 0) return children;
  return (
    <div className={css.times} onPointerEnter={enter} onPointerLeave={leave} onPointerCancel={leave}>
      {PARTS.map((part) => {
        const some = chips.filter((chip) => partOfDay(chip.start, zone.time_zone) === part);
        if (some.length === 0) return null;
        return (
          <section key={part} aria-label={t.customer[part]}>
            <h4 className={css.part}>{t.customer[part]}</h4>
            <ul className={css.chips}>
              {some.map((chip) => (
                <li key={chip.start}>
                  <TimeChip
                    chip={chip}
                    time={format.time(chip.start, zone.time_zone)}
                    busy={holding === chip.start}
                    disabled={holding !== null && holding !== chip.start}
                    onChoose={onChoose}
                  />
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

interface TimeChipProps {
  readonly chip: Chip;
  readonly time: string;
  readonly busy: boolean;
  readonly disabled: boolean;
  readonly onChoose: (start: number) => void;
}

function TimeChip({ chip, time, busy, disabled, onChoose }: TimeChipProps) {
  const { t } = useTexts();
  const gone = chip.goneAt !== null;
  return (
    <button
      type="button"
      className={cx(css.chip, gone && css.gone, busy && css.busy)}
      aria-disabled={gone || disabled || undefined}
      aria-busy={busy || undefined}
      data-start={new Date(chip.start).toISOString()}
      onClick={() => {
        if (!gone && !disabled && !busy) onChoose(chip.start);
      }}
    >
      <span className={css.time}>{time}</span>
      <span className={css.left}>
        {busy ? (
          <LoaderCircle size={14} className={css.spin} aria-label={t.customer.holding} />
        ) : gone ? (
          t.customer.taken
        ) : (
          t.customer.left(chip.left)
        )}
      </span>
    </button>
  );
}

function useChips(open: Openings) {
  const { clock } = useServices();
  const [chips, setChips] = useState<readonly Chip[]>(() =>
    advanceChips([], open, clock.now(), 'left alone'),
  );
  const pointedAt = useRef(false);
  const newest = useRef(open);
  newest.current = open;
  const look = useRef(() => {
    setChips((known) =>
      advanceChips(known, newest.current, clock.now(), pointedAt.current ? 'pointed at' : 'left alone'),
    );
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: looks again whenever the openings change
  useEffect(() => look.current(), [open]);
  useEffect(() => {
    const timer = setInterval(look.current, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return {
    chips,
    enter: () => {
      pointedAt.current = true;
    },
    leave: () => {
      pointedAt.current = false;
    },
  };
}
