/** A card that is chosen by a tap. */
import { ChevronRight } from 'lucide-react';
import css from './Choice.module.css';

interface ChoiceProps {
  readonly title: string;
  readonly note?: string;
  readonly aside?: string;
  readonly onChoose: () => void;
}

export function Choice({ title, note, aside, onChoose }: ChoiceProps) {
  return (
    <button type="button" className={css.choice} onClick={onChoose}>
      <span className={css.text}>
        <span className={css.title}>{title}</span>
        {note !== undefined && <span className={css.note}>{note}</span>}
      </span>
      {aside !== undefined && <span className={css.aside}>{aside}</span>}
      <ChevronRight size={18} className={css.arrow} aria-hidden />
    </button>
  );
}
