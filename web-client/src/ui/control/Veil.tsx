/** Over a board that nothing new has reached for a while: it pales, and whatever is moved waits for the server;
 * after a minute it says what time it shows. */
import { useTexts } from '../i18n';
import { useTrust } from './useTrust';
import css from './Veil.module.css';

/** Lies over the board and lets every pointer through. */
export function Veil() {
  const { t } = useTexts();
  const trust = useTrust();
  return (
    <>
      {trust !== 'full' && <div className={css.veil} data-veil={trust} />}
      <p className="visually-hidden" role="status">
        {trust === 'full' ? '' : t.room.sync.pale}
      </p>
    </>
  );
}

export function StaleBanner({ at, timeZone }: { at: string | null; timeZone: string }) {
  const { t, format } = useTexts();
  const trust = useTrust();
  if (trust !== 'stale' || at === null) return null;
  return (
    <p className={css.banner} role="status">
      {t.control.stale(format.time(at, timeZone))}
    </p>
  );
}
