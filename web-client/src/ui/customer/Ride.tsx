/** The cleaner on the way: when they arrive and about where they are. There only while that is so. */
import { useNow } from '../../state/now';
import { rideOf } from '../../state/ride';
import { useLiveRows, useRows, useUser } from '../../state/services';
import type { BookingRow } from '../../wire';
import { useTexts } from '../i18n';
import css from './Ride.module.css';

interface RideProps {
  readonly booking: BookingRow;
  readonly who: string;
  readonly timeZone: string;
}

const [WIDTH, HEIGHT] = [340, 200];

export function Ride({ booking, who, timeZone }: RideProps) {
  const { t, format } = useTexts();
  const user = useUser();
  const now = useNow(10_000);
  const row = [...useLiveRows(`track:${booking.id}`).values()][0];
  const { rows } = useRows(user === null ? null : `customer:${user.id}`);
  const home = rows.property.get(booking.property);
  if (row?.kind !== 'track') return <p className={css.note}>{t.customer.rideUnknown(who)}</p>;
  const minutes = Math.max(1, Math.round((Date.parse(row.arrives_at) - now) / 60_000));
  const eta = t.customer.eta(format.time(row.arrives_at, timeZone), t.common.duration(minutes));
  if (home === undefined) return <p className={css.eta}>{eta}</p>;
  const ride = rideOf(home, row, HEIGHT / 2);
  const said = t.customer.away(who, format.decimal(ride.km));
  return (
    <div className={css.ride}>
      <p className={css.eta}>{eta}</p>
      <svg
        className={css.map}
        viewBox={`${-WIDTH / 2} ${-HEIGHT / 2} ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={said}
      >
        <circle className={css.ring} r={ride.ring.radius} />
        <circle className={css.ring} r={ride.ring.radius / 2} />
        <text className={css.scale} x={4} y={ride.ring.radius - 4}>
          {t.customer.km(format.decimal(ride.ring.km))}
        </text>
        <line className={css.way} x1={0} y1={0} x2={ride.x} y2={ride.y} />
        <path className={css.home} d="M-9 8 V-1 L0 -10 L9 -1 V8 Z" />
        <g style={{ transform: `translate(${ride.x}px, ${ride.y}px)` }} className={css.cleaner}>
          <circle className={css.halo} r={14} />
          <circle r={7} />
        </g>
      </svg>
      <p className={css.note}>
        {said} {t.customer.rideAt(format.time(row.at, timeZone))}
      </p>
    </div>
  );
}
