/** Who is signed in here, and this device's preferences. */
import { useServices } from '../../state/services';
import { useCommands } from '../../state/useCommand';
import type { Duty } from '../../wire';
import { useTexts } from '../i18n';
import { objectionToast } from '../objection';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { Failure } from '../parts/Notice';
import { Preferences } from '../parts/Preferences';
import { useToast } from '../parts/Toasts';
import css from './MeTab.module.css';
import tabs from './tabs.module.css';
import type { Desk } from './WorkScreen';

const DUTIES: readonly Duty[] = ['on', 'break', 'off'];

export function MeTab({ desk }: { desk: Desk }) {
  const { t, format } = useTexts();
  const { session } = useServices();
  const { send, pending } = useCommands();
  const toast = useToast();
  const { me, zones } = desk;
  const set = async (duty: Duty) => {
    if (pending.length > 0 || duty === me.duty) return;
    const failed = objectionToast(t, await send('duty.set', { duty }));
    if (failed !== null) toast(failed);
  };
  const names = me.zones.map((slug) => zones.find((zone) => zone.slug === slug)?.name ?? slug);
  return (
    <div className={tabs.tab}>
      <header className={tabs.head}>
        <h1>{me.name}</h1>
        <p>{t.work.dutyHint}</p>
      </header>
      {!me.active && <Failure title={t.work.inactive} />}
      <fieldset className={css.duty} aria-label={t.duty[me.duty]}>
        {DUTIES.map((duty) => (
          <button
            key={duty}
            type="button"
            className={cx(me.duty === duty && css.chosen)}
            aria-pressed={me.duty === duty}
            onClick={() => void set(duty)}
          >
            {t.duty[duty]}
          </button>
        ))}
      </fieldset>
      <dl className={css.facts}>
        <dt>{t.work.zones}</dt>
        <dd>{format.list(names)}</dd>
        <dt>{t.work.skills}</dt>
        <dd>{me.skills.length === 0 ? '–' : format.list(me.skills)}</dd>
        <dt>{t.work.phone}</dt>
        <dd>{me.phone ?? '–'}</dd>
      </dl>
      <div className={css.preferences}>
        <Preferences withLabels />
      </div>
      <Button size="large" onClick={() => void session.signOut()}>
        {t.common.signOut}
      </Button>
    </div>
  );
}
