/** One step of booking: open, done and folded to what was chosen, or waiting for an earlier one. */
import { Check } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import css from './Section.module.css';

interface SectionProps {
  readonly number: number;
  readonly title: string;
  /** What was chosen; `null` leaves the step open. */
  readonly chosen: string | null;
  readonly waitsFor?: string | null;
  readonly onChange?: () => void;
  readonly children: ReactNode;
}

export function Section({ number, title, chosen, waitsFor = null, onChange, children }: SectionProps) {
  const { t } = useTexts();
  const heading = useId();
  const done = chosen !== null;
  return (
    <section className={cx(css.section, waitsFor !== null && css.waiting)} aria-labelledby={heading}>
      <header className={css.header}>
        <span className={cx(css.number, done && css.done)} aria-hidden>
          {done ? <Check size={16} /> : number}
        </span>
        <div className={css.heading}>
          <h2 id={heading} className={css.title}>
            {title}
          </h2>
          {done && <p className={css.chosen}>{chosen}</p>}
          {waitsFor !== null && <p className={css.hint}>{waitsFor}</p>}
        </div>
        {done && onChange !== undefined && (
          <Button weight="quiet" size="small" onClick={onChange} aria-label={`${t.common.change}: ${title}`}>
            {t.common.change}
          </Button>
        )}
      </header>
      {!done && waitsFor === null && <div className={css.body}>{children}</div>}
    </section>
  );
}
