/** Says on duty or off; the board and the dispatchers go by it. */
import { useCommands } from '../../state/useCommand';
import type { CleanerRow } from '../../wire';
import { useTexts } from '../i18n';
import { objectionToast } from '../objection';
import { cx } from '../parts/cx';
import { useToast } from '../parts/Toasts';
import css from './DutySwitch.module.css';

export function DutySwitch({ me }: { me: CleanerRow }) {
  const { t } = useTexts();
  const { send, pending } = useCommands();
  const toast = useToast();
  const on = me.duty === 'on';
  const busy = pending.length > 0;
  const turn = async () => {
    if (busy) return;
    const failed = objectionToast(t, await send('duty.set', { duty: on ? 'off' : 'on' }));
    if (failed !== null) toast(failed);
  };
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-busy={busy || undefined}
      className={cx(css.switch, css[me.duty])}
      onClick={() => void turn()}
    >
      <span className={css.track} aria-hidden>
        <span className={css.thumb} />
      </span>
      {t.duty[me.duty]}
    </button>
  );
}
