/** What this customer has booked, from their own channel. */
import { CalendarDays } from 'lucide-react';
import { useNow } from '../../state/now';
import { useRows, useUser } from '../../state/services';
import { useCatalogs } from '../../state/useCatalogs';
import { localDate } from '../../state/zoned';
import type { BookingRow, BookingStatus, Service, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { Empty, Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import type { Tone } from '../parts/tones';
import { Link } from '../router';
import { useTitle } from '../useTitle';
import css from './BookingsScreen.module.css';

const OPEN: readonly BookingStatus[] = ['confirmed', 'in_service'];
const TONES: Record<BookingStatus, Tone> = {
  confirmed: 'assigned',
  in_service: 'active',
  completed: 'completed',
  closed: 'completed',
  cancelled: 'cancelled',
  not_served: 'cancelled',
};

export default function BookingsScreen() {
  const { t } = useTexts();
  const user = useUser();
  const catalogs = useCatalogs();
  useTitle(t.customer.bookingsTitle);
  const { rows, phase } = useRows(user === null ? null : `customer:${user.id}`);
  const title = <h1 className={css.title}>{t.customer.bookingsTitle}</h1>;
  if (user === null) {
    return (
      <>
        {title}
        <Nothing title={t.customer.signedOutBookings} />
      </>
    );
  }
  if (phase.kind === 'closed') {
    return (
      <Failure title={t.common.closedChannel} hint={t.common.closedChannelHint} code={`${phase.code}`} />
    );
  }
  if (phase.kind === 'loading' || catalogs.kind === 'loading') return <Skeleton rows={3} height={84} />;
  if (catalogs.kind === 'failed') {
    return <Failure title={t.common.unreachable} code={catalogs.code} onRetry={catalogs.retry} />;
  }
  const all = [...rows.booking.values()].sort((a, b) => a.starts_at.localeCompare(b.starts_at));
  const upcoming = all.filter((booking) => OPEN.includes(booking.status));
  const past = all.filter((booking) => !OPEN.includes(booking.status)).reverse();
  return (
    <>
      {title}
      {rows.hold.size > 0 && (
        <Link href="/" className={css.hold}>
          {t.customer.held} · {t.customer.continueHold}
        </Link>
      )}
      {all.length === 0 && <Nothing title={t.customer.noBookings} hint={t.customer.noBookingsHint} />}
      <Group title={t.customer.upcoming} bookings={upcoming} {...catalogs} />
      <Group title={t.customer.past} bookings={past} {...catalogs} />
    </>
  );
}

function Nothing({ title, hint }: { title: string; hint?: string }) {
  const { t } = useTexts();
  return (
    <Empty title={title} {...(hint === undefined ? {} : { hint })} icon={<CalendarDays aria-hidden />}>
      <Link href="/" className={css.action}>
        {t.customer.title}
      </Link>
    </Empty>
  );
}

interface GroupProps {
  readonly title: string;
  readonly bookings: readonly BookingRow[];
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
}

function Group({ title, bookings, zones, services }: GroupProps) {
  const { t, format } = useTexts();
  const now = useNow(60_000);
  if (bookings.length === 0) return null;
  return (
    <section className={css.group}>
      <h2 className={css.groupTitle}>{title}</h2>
      <ul className={css.list}>
        {bookings.map((booking) => {
          const zone = zones.find(({ slug }) => slug === booking.zone)?.time_zone ?? 'UTC';
          const at = Date.parse(booking.starts_at);
          return (
            <li key={booking.id}>
              <Link href={`/bookings/${booking.id}`} className={css.booking}>
                <span className={css.when}>
                  {format.relativeDay(localDate(at, zone), zone, now)}, {format.time(at, zone)}
                </span>
                <span className={css.status} data-tone={TONES[booking.status]}>
                  {t.bookingStatus[booking.status]}
                </span>
                <span className={css.what}>
                  {services.find(({ slug }) => slug === booking.service)?.name ?? booking.service} ·{' '}
                  {booking.address}
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
