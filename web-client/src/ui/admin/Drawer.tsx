/** A form beside its list: from the right, over the whole of a phone. What was typed is not lost by
 * accident: closing, going back and leaving the page ask first. */
import { X } from 'lucide-react';
import { type FormEvent, type ReactNode, useCallback, useEffect, useId, useRef, useState } from 'react';
import { Button } from '../parts/Button';
import { guardLeaving } from '../router';
import css from './Drawer.module.css';
import { useAdminTexts } from './texts';

interface DrawerProps {
  readonly title: string;
  readonly lead?: string;
  readonly dirty: boolean;
  readonly busy?: boolean;
  readonly submit?: string;
  readonly onSubmit?: () => void;
  readonly onClose: () => void;
  readonly wide?: boolean;
  /** Beside the buttons. */
  readonly extra?: ReactNode;
  readonly children: ReactNode;
}

const FIELDS = ['input', 'select', 'textarea'].map((field) => `[data-body] ${field}:enabled`).join(', ');

export function Drawer({
  title,
  lead,
  dirty,
  busy = false,
  submit,
  onSubmit,
  onClose,
  ...more
}: DrawerProps) {
  const { a, t } = useAdminTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
    // Where typing brings up a keyboard over the form, the form is seen first.
    const typing = window.matchMedia('(pointer: fine)').matches;
    element?.querySelector<HTMLElement>(typing ? FIELDS : 'h2')?.focus();
    return () => element?.close();
  }, []);
  const ask = useCallback(() => setAsking(true), []);
  useGuard(dirty, ask);
  const leave = () => (dirty ? ask() : onClose());
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!busy) onSubmit?.();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog's own
    <dialog
      ref={dialog}
      className={more.wide === true ? css.wide : css.drawer}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) leave();
      }}
    >
      <form className={css.form} onSubmit={send} noValidate>
        <header className={css.header}>
          <div>
            <h2 id={heading} tabIndex={-1}>
              {title}
            </h2>
            {lead !== undefined && <p className={css.lead}>{lead}</p>}
          </div>
          <button type="button" className={css.close} onClick={leave} aria-label={t.common.close}>
            <X size={20} aria-hidden />
          </button>
        </header>
        <div className={css.body} data-body>
          {more.children}
        </div>
        <footer className={css.footer}>
          {asking ? (
            <div className={css.asking} role="alert">
              <p>{a.unsaved}</p>
              <Button weight="primary" autoFocus onClick={() => setAsking(false)}>
                {a.keepEditing}
              </Button>
              <Button weight="danger" onClick={onClose}>
                {a.discard}
              </Button>
            </div>
          ) : (
            <>
              {submit !== undefined && (
                <Button weight="primary" type="submit" busy={busy}>
                  {submit}
                </Button>
              )}
              <Button weight="quiet" onClick={leave}>
                {submit === undefined ? t.common.close : t.common.cancel}
              </Button>
              <span className={css.space} />
              {more.extra}
            </>
          )}
        </footer>
      </form>
    </dialog>
  );
}

/** Stops the browser's ways out while something is not saved. */
function useGuard(dirty: boolean, ask: () => void): void {
  useEffect(() => {
    if (!dirty) return;
    const here = window.location.href;
    const leaving = (event: BeforeUnloadEvent) => event.preventDefault();
    const free = guardLeaving(() => {
      history.pushState(null, '', here);
      ask();
      return true;
    });
    window.addEventListener('beforeunload', leaving);
    return () => {
      window.removeEventListener('beforeunload', leaving);
      free();
    };
  }, [dirty, ask]);
}
