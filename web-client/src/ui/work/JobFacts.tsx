/** Whom and where, with the two taps one needs on the way: the route and a call. */
import { KeyRound, MapPin, Navigation, Phone, UserRound, UsersRound } from 'lucide-react';
import type { AgendaJobRow } from '../../wire';
import { useTexts } from '../i18n';
import css from './JobFacts.module.css';

export function JobFacts({ job }: { job: AgendaJobRow }) {
  const { t, format } = useTexts();
  const map = `https://www.openstreetmap.org/?mlat=${job.lat}&mlon=${job.lon}#map=17/${job.lat}/${job.lon}`;
  return (
    <div className={css.facts}>
      <ul className={css.list}>
        <li>
          <MapPin size={18} aria-hidden />
          <span>{job.address}</span>
        </li>
        {job.access_notes !== '' && (
          <li>
            <KeyRound size={18} aria-hidden />
            <span>
              <span className="visually-hidden">{t.work.access}: </span>
              {job.access_notes}
            </span>
          </li>
        )}
        {job.customer_name !== null && (
          <li>
            <UserRound size={18} aria-hidden />
            <span>{job.customer_name}</span>
          </li>
        )}
        {job.with.length > 0 && (
          <li>
            <UsersRound size={18} aria-hidden />
            <span>
              {t.work.with(format.list(job.with))}
              {job.lead && ` · ${t.work.lead}`}
            </span>
          </li>
        )}
      </ul>
      <div className={css.links}>
        <a href={map} target="_blank" rel="noreferrer">
          <Navigation size={18} aria-hidden /> {t.work.openMap}
        </a>
        {job.customer_phone !== null && (
          <a href={`tel:${job.customer_phone.replace(/[^+\d]/g, '')}`}>
            <Phone size={18} aria-hidden /> {t.work.call}
          </a>
        )}
      </div>
    </div>
  );
}
