/** Form parts that the administration needs beside a plain input. */
import { type ReactNode, type TextareaHTMLAttributes, useId } from 'react';
import { cx } from '../parts/cx';
import field from '../parts/Field.module.css';
import css from './fields.module.css';

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
  readonly hint?: string;
  readonly fault?: string | null;
  readonly disabled?: boolean;
}

export function Choice({ label, value, options, onChange, hint, fault, disabled }: ChoiceProps) {
  const id = useId();
  const note = fault ?? hint;
  return (
    <div className={field.field}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className={cx(field.input, css.select, fault != null && field.faulty)}
        value={value}
        disabled={disabled}
        aria-invalid={fault != null || undefined}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {note !== undefined && (
        <p id={`${id}-note`} className={fault != null ? field.fault : field.hint}>
          {note}
        </p>
      )}
    </div>
  );
}

interface TicksProps {
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly fault?: string | null;
  readonly empty?: ReactNode;
}

/** Any of several. */
export function Ticks({ label, options, chosen, onChange, fault, empty }: TicksProps) {
  const id = useId();
  return (
    <fieldset aria-describedby={fault == null ? undefined : id}>
      <legend className={css.legend}>{label}</legend>
      {options.length === 0 && <p className={field.hint}>{empty}</p>}
      <div className={css.ticks}>
        {options.map(({ value, label: name }) => (
          <label key={value} className={css.tick}>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) =>
                onChange(
                  event.target.checked ? [...chosen, value] : chosen.filter((other) => other !== value),
                )
              }
            />
            {name}
          </label>
        ))}
      </div>
      {fault != null && (
        <p id={id} className={field.fault}>
          {fault}
        </p>
      )}
    </fieldset>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly hint?: string;
  readonly fault?: string | null;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Switch({ label, hint, fault, checked, disabled, onChange }: SwitchProps) {
  const id = useId();
  const note = fault ?? hint;
  return (
    <div>
      <label className={css.switch}>
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled}
          aria-describedby={note === undefined ? undefined : id}
          onChange={(event) => onChange(event.target.checked)}
        />
        {label}
      </label>
      {note !== undefined && (
        <p id={id} className={fault != null ? field.fault : field.hint}>
          {note}
        </p>
      )}
    </div>
  );
}

interface TextProps extends Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'onChange'> {
  readonly label: string;
  readonly hint?: string;
  readonly fault?: string | null;
  readonly onChange: (value: string) => void;
}

export function Text({ label, hint, fault, onChange, ...area }: TextProps) {
  const id = useId();
  const note = fault ?? hint;
  return (
    <div className={field.field}>
      <label htmlFor={id}>{label}</label>
      <textarea
        {...area}
        id={id}
        className={cx(field.input, css.text, fault != null && field.faulty)}
        aria-invalid={fault != null || undefined}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onChange={(event) => onChange(event.target.value)}
      />
      {note !== undefined && (
        <p id={`${id}-note`} className={fault != null ? field.fault : field.hint}>
          {note}
        </p>
      )}
    </div>
  );
}

/** Fields side by side where there is room. */
export function Row({ children }: { children: ReactNode }) {
  return <div className={css.row}>{children}</div>;
}
