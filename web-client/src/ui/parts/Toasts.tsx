/** Short messages about what was just done, with a way back where there is one. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { useTexts } from '../i18n';
import { cx } from './cx';
import css from './Toasts.module.css';

export interface Toast {
  readonly text: string;
  readonly tone?: 'plain' | 'bad';
  readonly code?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

interface Shown extends Toast {
  readonly id: number;
}

const SHOW_MS = 6_000;
const AT_MOST = 3;
const Context = createContext<(toast: Toast) => void>(() => undefined);
let nextId = 1;

export function ToastProvider({ children }: { children: ReactNode }) {
  const { t } = useTexts();
  const [shown, setShown] = useState<readonly Shown[]>([]);
  const hide = useCallback((id: number) => setShown((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (toast: Toast) => {
      const id = nextId++;
      setShown((all) => [...all.slice(1 - AT_MOST), { ...toast, id }]);
      setTimeout(() => hide(id), SHOW_MS);
    },
    [hide],
  );
  const list = useMemo(
    () =>
      shown.map(({ id, text, tone, action, code }) => (
        <div key={id} className={cx(css.toast, tone === 'bad' && css.bad)} title={code}>
          <span className={css.text}>{text}</span>
          {action !== undefined && (
            <button
              type="button"
              onClick={() => {
                action.run();
                hide(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" onClick={() => hide(id)} aria-label={t.common.close}>
            ✕
          </button>
        </div>
      )),
    [shown, hide, t],
  );
  return (
    <Context value={show}>
      {children}
      <div className={css.toasts} role="status" aria-live="polite">
        {list}
      </div>
    </Context>
  );
}

export function useToast(): (toast: Toast) => void {
  return useContext(Context);
}
