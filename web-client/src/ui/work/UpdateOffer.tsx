/** Says quietly that a newer version is there. Nothing happens until it is asked for. */
import { RotateCw } from 'lucide-react';
import { useTexts } from '../i18n';
import css from './UpdateOffer.module.css';

export function UpdateOffer({ onTake }: { onTake: () => void }) {
  const { t } = useTexts();
  return (
    <div className={css.offer} role="status">
      <span>{t.work.newVersion}</span>
      <button type="button" onClick={onTake}>
        <RotateCw size={16} aria-hidden /> {t.work.reload}
      </button>
    </div>
  );
}
