/** One visit as it happens: where it stands, who comes, and cancelling while that is allowed. */
import { MapPin, UserRound } from 'lucide-react';
import { useNow } from '../../state/now';
import { useRows } from '../../state/services';
import { useCatalogs } from '../../state/useCatalogs';
import { localDate } from '../../state/zoned';
import type { BookingRow, Service, VisitRow, Zone } from '../../wire';
import { type Catalog, useTexts } from '../i18n';
import { Empty, Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { StatusBadge } from '../parts/tones';
import { Link } from '../router';
import { useTitle } from '../useTitle';
import { CancelVisit } from './CancelVisit';
import { MoveVisit } from './MoveVisit';
import { Ride } from './Ride';
import { StatusLine } from './StatusLine';
import css from './TrackScreen.module.css';

export default function TrackScreen({ booking: id }: { booking: string }) {
  const { t } = useTexts();
  const { rows, phase } = useRows(`booking:${id}`);
  const catalogs = useCatalogs();
  useTitle(t.customer.trackTitle);
  const booking = rows.booking.get(id) ?? null;
  const visit = [...rows.visit.values()][0] ?? null;
  if (phase.kind === 'closed') {
    return (
      <Empty title={t.customer.hidden} hint={t.customer.hiddenHint}>
        <Link href="/">{t.customer.newBooking}</Link>
      </Empty>
    );
  }
  if (catalogs.kind === 'failed') {
    return <Failure title={t.common.unreachable} code={catalogs.code} onRetry={catalogs.retry} />;
  }
  if (booking === null || catalogs.kind === 'loading') return <Skeleton rows={3} height={120} />;
  const zone = catalogs.zones.find(({ slug }) => slug === booking.zone);
  const service = catalogs.services.find(({ slug }) => slug === booking.service);
  return (
    <Visit
      booking={booking}
      visit={visit}
      timeZone={zone?.time_zone ?? 'UTC'}
      zone={zone ?? null}
      service={service ?? null}
    />
  );
}

interface VisitProps {
  readonly booking: BookingRow;
  readonly visit: VisitRow | null;
  readonly timeZone: string;
  readonly zone: Zone | null;
  readonly service: Service | null;
}

function Visit({ booking, visit, timeZone, zone, service }: VisitProps) {
  const { t, format } = useTexts();
  const now = useNow(30_000);
  const start = Date.parse(booking.starts_at);
  const end = start + booking.duration_minutes * 60_000;
  return (
    <div className={css.columns}>
      <section className={css.card} aria-labelledby="visit-headline">
        <div className={css.top}>
          {visit !== null && <StatusBadge status={visit.status} />}
          {visit !== null && <span className={css.number}>{t.common.job(visit.number)}</span>}
        </div>
        <h1 id="visit-headline" className={css.headline} aria-live="polite">
          {visit === null ? t.customer.trackTitle : headline(t, visit)}
        </h1>
        <p className={css.when}>
          {format.relativeDay(localDate(start, timeZone), timeZone, now)},{' '}
          {format.range(start, end, timeZone)}
        </p>
        {visit?.status === 'en_route' && (
          <Ride booking={booking} who={visit.crew[0]?.first_name ?? t.customer.cleaner} timeZone={timeZone} />
        )}
        {visit !== null && <StatusLine visit={visit} timeZone={timeZone} now={now} />}
      </section>
      <aside className={css.side}>
        {visit !== null && visit.crew.length > 0 && visit.status !== 'cleaner_no_show' && (
          <div className={css.card}>
            <h2 className={css.label}>{t.customer.yourCleaner}</h2>
            <ul className={css.crew}>
              {visit.crew.map((cleaner) => (
                <li key={cleaner.id}>
                  <span className={css.face} aria-hidden>
                    <UserRound size={20} />
                  </span>
                  <strong>{cleaner.first_name}</strong>
                </li>
              ))}
            </ul>
          </div>
        )}
        <div className={css.card}>
          <h2 className={css.label}>{service?.name ?? booking.service}</h2>
          <p className={css.fact}>
            <MapPin size={16} aria-hidden /> <span>{booking.address}</span>
          </p>
          <p className={css.fact}>
            <span>{t.customer.price}</span>{' '}
            <strong>{format.money(booking.price_minor, booking.currency)}</strong>
          </p>
          {booking.status === 'confirmed' ? (
            <CancelVisit booking={booking} timeZone={timeZone} now={now}>
              {zone !== null && service !== null && (
                <MoveVisit booking={booking} service={service} zone={zone} />
              )}
            </CancelVisit>
          ) : (
            <Link href="/" className={css.again}>
              {t.customer.bookAgain}
            </Link>
          )}
        </div>
      </aside>
    </div>
  );
}

function headline(t: Catalog, visit: VisitRow): string {
  const say = t.customer.headline[visit.status];
  return typeof say === 'string' ? say : say(visit.crew[0]?.first_name ?? t.customer.cleaner);
}
