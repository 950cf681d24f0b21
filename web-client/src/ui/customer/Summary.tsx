/** What is being booked, its price, and how long the time is held; under the thumb on a phone. */
import { Clock, MapPin, Sparkles } from 'lucide-react';
import { localDate } from '../../state/zoned';
import type { HoldRow, PropertyRow, Service, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { HoldClock } from './HoldClock';
import css from './Summary.module.css';

interface SummaryProps {
  readonly service: Service | null;
  readonly zone: Zone | null;
  readonly property: PropertyRow | null;
  readonly hold: HoldRow | null;
}

export function Summary({ service, zone, property, hold }: SummaryProps) {
  const { t, format } = useTexts();
  const nothing = <span className={css.missing}>{t.customer.notChosen}</span>;
  const when =
    hold !== null && zone !== null
      ? `${format.longDay(localDate(Date.parse(hold.starts_at), zone.time_zone))}, ${format.time(hold.starts_at, zone.time_zone)}`
      : null;
  return (
    <aside className={cx(css.summary, service === null && css.early)} aria-label={t.customer.summary}>
      <h2 className={css.title}>{t.customer.summary}</h2>
      <ul className={css.lines}>
        <li>
          <Sparkles size={18} aria-hidden />
          <span>
            {service === null ? nothing : `${service.name}, ${t.common.duration(service.duration_minutes)}`}
          </span>
        </li>
        <li>
          <MapPin size={18} aria-hidden />
          <span>{property?.address ?? zone?.name ?? nothing}</span>
        </li>
        <li>
          <Clock size={18} aria-hidden />
          <span>{when ?? nothing}</span>
        </li>
      </ul>
      <div className={css.bottom}>
        <div className={css.price}>
          <span>{t.customer.price}</span>
          <strong>{service === null ? '–' : format.money(service.price_minor, service.currency)}</strong>
        </div>
        {hold !== null && <HoldClock hold={hold} />}
      </div>
    </aside>
  );
}
