/** How long a time is still held, by the server's clock, and its one extension. */
import { Timer } from 'lucide-react';
import { useNow } from '../../state/now';
import { useCommands } from '../../state/useCommand';
import type { HoldRow } from '../../wire';
import { useTexts } from '../i18n';
import { objectionToast } from '../objection';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { useToast } from '../parts/Toasts';
import css from './HoldClock.module.css';

const SOON_MS = 60_000;

export function HoldClock({ hold }: { hold: HoldRow }) {
  const { t, format } = useTexts();
  const { send, pending } = useCommands();
  const toast = useToast();
  const left = Date.parse(hold.expires_at) - useNow(1000);
  const extend = async () => {
    const failed = objectionToast(t, await send('hold.extend', { hold: hold.id }));
    if (failed !== null) toast(failed);
  };
  return (
    <div className={cx(css.clock, left < SOON_MS && css.soon)}>
      <Timer size={18} aria-hidden />
      <span role="timer" className={css.text}>
        {t.customer.held} <strong className={css.left}>{format.countdown(left)}</strong>
      </span>
      {!hold.extended && left > 0 && (
        <Button weight="quiet" size="small" busy={pending.length > 0} onClick={() => void extend()}>
          {t.customer.extend}
        </Button>
      )}
    </div>
  );
}
