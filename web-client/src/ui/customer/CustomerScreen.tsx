/** The customer's part: booking, their bookings, and following one. */
import { CalendarDays, Plus } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useLink, useUser } from '../../state/services';
import { embedding } from '../embed/embedding';
import { useTexts } from '../i18n';
import { Preferences } from '../parts/Preferences';
import { Skeleton } from '../parts/Skeleton';
import { SyncPill } from '../parts/SyncPill';
import { Link, usePath } from '../router';
import { BookScreen } from './BookScreen';
import css from './CustomerScreen.module.css';

// Whoever comes to book does not need these yet.
const BookingsScreen = lazy(() => import('./BookingsScreen'));
const TrackScreen = lazy(() => import('./TrackScreen'));

export default function CustomerScreen() {
  const path = usePath();
  const { t } = useTexts();
  const user = useUser();
  return (
    <div className={css.screen}>
      <header className={css.bar}>
        {embedding === null && (
          <Link href="/" className={css.brand}>
            <img src="/icon.svg" width={28} height={28} alt="" />
            <span>{t.product}</span>
          </Link>
        )}
        <nav className={css.nav}>
          {path !== '/' && (
            <Link href="/" className={css.link}>
              <Plus size={18} aria-hidden />
              <span>{t.customer.newBooking}</span>
            </Link>
          )}
          {user !== null && path !== '/bookings' && (
            <Link href="/bookings" className={css.link}>
              <CalendarDays size={18} aria-hidden />
              <span>{t.customer.myBookings}</span>
            </Link>
          )}
        </nav>
        <span className={css.tools}>
          {embedding === null && <Preferences />}
          <SyncPill compact />
        </span>
      </header>
      <Offline />
      <main className={css.main}>
        <Suspense fallback={<Skeleton rows={3} height={120} />}>{content(path)}</Suspense>
      </main>
    </div>
  );
}

/** What a reader without a network should know before they rely on what they see. */
function Offline() {
  const { t } = useTexts();
  const link = useLink();
  if (link.kind !== 'offline') return null;
  return (
    <p className={css.offline} role="status">
      {t.customer.offline}
    </p>
  );
}

function content(path: string) {
  if (path === '/bookings') return <BookingsScreen />;
  if (path.startsWith('/bookings/')) {
    const booking = path.slice('/bookings/'.length);
    return <TrackScreen key={booking} booking={booking} />;
  }
  return <BookScreen />;
}
