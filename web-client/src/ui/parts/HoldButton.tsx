/** A button for what cannot be taken back: it acts after being pressed for a while. With the keyboard,
 * Enter or Space held down do the same; assistive technology, which can only click, is asked twice. */
import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { cx } from './cx';
import css from './HoldButton.module.css';

const HOLD_MS = 700;

interface HoldButtonProps {
  readonly onConfirm: () => void;
  readonly busy?: boolean;
  readonly hint: string;
  readonly weight?: 'primary' | 'danger';
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly name?: string;
}

export function HoldButton({
  onConfirm,
  busy = false,
  hint,
  weight = 'primary',
  icon,
  children,
  name,
}: HoldButtonProps) {
  const [pressing, setPressing] = useState(false);
  const [asked, setAsked] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const stop = () => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
    setPressing(false);
  };
  const start = () => {
    if (busy || timer.current !== null) return;
    setPressing(true);
    timer.current = setTimeout(() => {
      stop();
      onConfirm();
    }, HOLD_MS);
  };
  useEffect(() => () => void (timer.current !== null && clearTimeout(timer.current)), []);
  const pressed = (event: PointerEvent<HTMLButtonElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    start();
  };
  return (
    <button
      type="button"
      className={cx(css.button, css[weight], pressing && css.pressing)}
      aria-busy={busy || undefined}
      data-action={name}
      onPointerDown={pressed}
      onPointerUp={stop}
      onPointerCancel={stop}
      onLostPointerCapture={stop}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if ((event.key === 'Enter' || event.key === ' ') && !event.repeat) start();
        if (event.key === 'Enter' || event.key === ' ') event.preventDefault();
      }}
      onKeyUp={stop}
      onBlur={() => {
        stop();
        setAsked(false);
      }}
      onClick={(event) => {
        // A click that no pointer made: a screen reader's. The second one confirms.
        if (event.detail !== 0 || busy) return;
        if (asked) onConfirm();
        setAsked(!asked);
      }}
    >
      <span className={css.fill} aria-hidden />
      <span className={css.label}>
        {icon}
        {children}
      </span>
      <span className={css.hint}>{hint}</span>
    </button>
  );
}
