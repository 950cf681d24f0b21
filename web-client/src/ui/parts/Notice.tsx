/** What a place says when it has nothing to show: that it is empty, or why it failed. */
import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTexts } from '../i18n';
import { Button } from './Button';
import css from './Notice.module.css';

/** Says what is true and what comes next. */
export function Empty({ title, hint, icon, children }: EmptyProps) {
  return (
    <div className={css.empty}>
      {icon !== undefined && <span className={css.icon}>{icon}</span>}
      <p className={css.title}>{title}</p>
      {hint !== undefined && <p className={css.hint}>{hint}</p>}
      {children !== undefined && <div className={css.action}>{children}</div>}
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly hint?: string;
  readonly icon?: ReactNode;
  readonly children?: ReactNode;
}

interface FailureProps {
  readonly title: string;
  readonly hint?: string;
  /** The code for whoever has to look into it. */
  readonly code?: string;
  readonly onRetry?: () => void;
  readonly children?: ReactNode;
}

/** Says where it happened, why, and what to do. */
export function Failure({ title, hint, code, onRetry, children }: FailureProps) {
  const { t } = useTexts();
  return (
    <div className={css.failure} role="alert">
      <CircleAlert size={20} aria-hidden />
      <div className={css.body}>
        <p className={css.title}>{title}</p>
        {hint !== undefined && <p className={css.hint}>{hint}</p>}
        {code !== undefined && (
          <details className={css.details}>
            <summary>{t.common.details}</summary>
            <code>{code}</code>
          </details>
        )}
        {(onRetry !== undefined || children !== undefined) && (
          <div className={css.action}>
            {onRetry !== undefined && (
              <Button size="small" onClick={onRetry}>
                {t.common.retry}
              </Button>
            )}
            {children}
          </div>
        )}
      </div>
    </div>
  );
}
