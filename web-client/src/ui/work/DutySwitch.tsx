/** Says on duty or off; the board and the dispatchers go by it. */

import type { Outbox } from '../../hub/outbox';
import { waiting } from '../../hub/outbox';
import { about } from '../../state/foresight';
import { useHandset } from '../../state/handset';
import type { CleanerRow } from '../../wire';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import css from './DutySwitch.module.css';

interface DutySwitchProps {
  readonly me: CleanerRow;
  readonly outbox: Outbox;
}

export function DutySwitch({ me, outbox }: DutySwitchProps) {
  const { t } = useTexts();
  const { courier } = useHandset();
  const on = me.duty === 'on';
  const unsent = waiting(about(outbox, 'duty')).length > 0;
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-busy={unsent || undefined}
      className={cx(css.switch, css[me.duty])}
      onClick={() => void courier.add({ kind: 'duty.set', parameters: { duty: on ? 'off' : 'on' } }, null)}
    >
      <span className={css.track} aria-hidden>
        <span className={css.thumb} />
      </span>
      {t.duty[me.duty]}
    </button>
  );
}
