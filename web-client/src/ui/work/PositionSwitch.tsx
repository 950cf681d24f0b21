/** Whether this phone tells where it is, and who sees it. */
import { useId } from 'react';
import { useHandset } from '../../state/handset';
import { useObservable } from '../../state/services';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import duty from './DutySwitch.module.css';
import { WhoSeesIt } from './PositionQuestion';
import css from './PositionSwitch.module.css';
import tabs from './tabs.module.css';

export function PositionSwitch() {
  const { t } = useTexts();
  const { position } = useHandset();
  const consent = useObservable(position.consent);
  const reporting = useObservable(position.reporting);
  const label = useId();
  const on = consent === 'given';
  const state = () => {
    if (!position.isPossible) return t.work.positionImpossible;
    switch (reporting.kind) {
      case 'blocked':
        return t.work.positionBlocked;
      case 'on':
        return t.work.positionShared;
      case 'off':
        return on ? t.work.positionWaits : t.work.positionOff;
      default:
        return reporting satisfies never;
    }
  };
  return (
    <section className={tabs.group}>
      <h2 id={label}>{t.work.position}</h2>
      <div className={css.card}>
        <button
          type="button"
          role="switch"
          aria-checked={on}
          aria-labelledby={label}
          className={cx(duty.switch, on ? duty.on : duty.off, css.switch)}
          disabled={!position.isPossible}
          onClick={() => position.decide(on ? 'refused' : 'given')}
        >
          <span className={duty.track} aria-hidden>
            <span className={duty.thumb} />
          </span>
        </button>
        <p className={css.state} role="status" data-reporting={reporting.kind}>
          {state()}
        </p>
        <WhoSeesIt />
      </div>
    </section>
  );
}
