/** A labelled input whose fault is said beside it. */
import { type InputHTMLAttributes, useId } from 'react';
import { cx } from './cx';
import css from './Field.module.css';

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'> {
  readonly label: string;
  readonly hint?: string;
  readonly fault?: string | null;
  readonly onChange: (value: string) => void;
}

export function Field({ label, hint, fault, onChange, ...input }: FieldProps) {
  const id = useId();
  const note = fault ?? hint;
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        className={cx(css.input, fault != null && css.faulty)}
        aria-invalid={fault != null || undefined}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onChange={(event) => onChange(event.target.value)}
      />
      {note !== undefined && (
        <p id={`${id}-note`} className={fault != null ? css.fault : css.hint}>
          {note}
        </p>
      )}
    </div>
  );
}
