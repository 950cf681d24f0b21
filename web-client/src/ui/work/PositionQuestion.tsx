/**
 * Asks on the way to a job, until it is answered, whether the phone may tell where it is: who sees it, and
 * when. In no way of the next step.
 */
import { Building2, EyeOff, UserRound } from 'lucide-react';
import { useId } from 'react';
import { useHandset } from '../../state/handset';
import { useObservable } from '../../state/services';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import css from './PositionQuestion.module.css';

export function PositionQuestion() {
  const { t } = useTexts();
  const { position } = useHandset();
  const consent = useObservable(position.consent);
  const title = useId();
  if (consent !== 'unasked' || !position.isPossible) return null;
  return (
    <section className={css.question} aria-labelledby={title}>
      <h3 id={title}>{t.work.positionTitle}</h3>
      <WhoSeesIt />
      <div className={css.answers}>
        <Button size="large" onClick={() => position.decide('given')}>
          {t.work.positionYes}
        </Button>
        <Button size="large" weight="quiet" onClick={() => position.decide('refused')}>
          {t.work.positionNo}
        </Button>
      </div>
      <p className={css.hint}>{t.work.positionLater}</p>
    </section>
  );
}

/** Plainly: who, when, how exactly. */
export function WhoSeesIt() {
  const { t } = useTexts();
  return (
    <ul className={css.list}>
      <li>
        <UserRound size={20} aria-hidden />
        <span>{t.work.positionCustomer}</span>
      </li>
      <li>
        <Building2 size={20} aria-hidden />
        <span>{t.work.positionOffice}</span>
      </li>
      <li>
        <EyeOff size={20} aria-hidden />
        <span>{t.work.positionNobody}</span>
      </li>
    </ul>
  );
}
