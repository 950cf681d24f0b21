/** With a time held: who and where exactly, then booking it. */
import { type FormEvent, useRef, useState } from 'react';
import type { Objection, Outcome } from '../../hub/outcome';
import type { Rows } from '../../hub/reducer';
import { centreOf, type Point, zoneAt } from '../../state/geo';
import { useUser } from '../../state/services';
import { useCommands } from '../../state/useCommand';
import { localDate } from '../../state/zoned';
import type { HoldRow, PropertyRow, Service, Zone } from '../../wire';
import { tellBooked } from '../embed/embedding';
import { useTexts } from '../i18n';
import { codeOf, explain } from '../objection';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Failure } from '../parts/Notice';
import { navigate } from '../router';
import css from './DetailsStep.module.css';
import { PlaceFields, type PlaceInput } from './PlaceFields';

interface DetailsStepProps {
  readonly hold: HoldRow;
  readonly service: Service;
  readonly zone: Zone;
  readonly zones: readonly Zone[];
  readonly rows: Rows;
  /** The saved address that was chosen before the time. */
  readonly chosen: PropertyRow | null;
  /** Where it is exactly, when that was told. */
  readonly point: Point | null;
  readonly onRelease: (hold: HoldRow) => Promise<void>;
}

export function DetailsStep({
  hold,
  service,
  zone,
  zones,
  rows,
  chosen,
  point,
  onRelease,
}: DetailsStepProps) {
  const { t, format } = useTexts();
  const user = useUser();
  const own = user === null ? null : (rows.customer.get(user.id) ?? null);
  const [name, setName] = useState<string | null>(null);
  const [phone, setPhone] = useState<string | null>(null);
  const centre = centreOf(zone);
  const [place, setPlace] = useState<PlaceInput>(() => emptyPlace(zone, zones, point));
  const [checked, setChecked] = useState(false);
  const [releasing, setReleasing] = useState(false);
  const saved = chosen?.zone === zone.slug ? chosen : null;
  const form = {
    name: (name ?? own?.name ?? '').trim(),
    phone: (phone ?? own?.phone ?? '').trim(),
    address: place.address.trim(),
    point: pointOf(place, centre),
  };
  const faults = {
    name: form.name === '' ? t.customer.needName : null,
    phone: form.phone.replace(/\D/g, '').length < 6 ? t.customer.needPhone : null,
    address: saved === null && form.address === '' ? t.customer.needAddress : null,
    point: saved === null && zoneAt(zones, form.point)?.slug !== zone.slug ? t.customer.outside : null,
  };
  const booking = useBooking(hold);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.values(faults).some((fault) => fault !== null) || booking.busy) return;
    const { name, phone, address, point } = form;
    void booking.book(
      own?.name === name && own.phone === phone ? null : { name, phone },
      saved?.id ?? { address, access_notes: place.notes.trim(), ...point },
    );
  };

  const start = Date.parse(hold.starts_at);
  return (
    <form className={css.form} onSubmit={submit} noValidate>
      <header className={css.header}>
        <h1 className={css.title}>{t.customer.detailsTitle}</h1>
        <p className={css.when}>
          {service.name} · {format.longDay(localDate(start, zone.time_zone))},{' '}
          {format.time(start, zone.time_zone)}
        </p>
      </header>
      <fieldset className={css.fields} disabled={booking.busy}>
        <Field
          label={t.customer.name}
          name="name"
          autoComplete="name"
          value={name ?? own?.name ?? ''}
          onChange={setName}
          fault={checked ? faults.name : null}
        />
        <Field
          label={t.customer.phone}
          name="phone"
          type="tel"
          autoComplete="tel"
          hint={t.customer.phoneHint}
          value={phone ?? own?.phone ?? ''}
          onChange={setPhone}
          fault={checked ? faults.phone : null}
        />
        {saved === null ? (
          <PlaceFields
            zone={zone}
            place={place}
            onChange={setPlace}
            addressFault={checked ? faults.address : null}
            pointFault={faults.point}
          />
        ) : (
          <p className={css.saved}>{saved.address}</p>
        )}
      </fieldset>
      {booking.objection !== null && (
        <Failure title={explain(t, booking.objection)} code={codeOf(booking.objection)} />
      )}
      <p className={css.policy}>{t.customer.cancelPolicy}</p>
      <div className={css.actions}>
        <Button
          weight="quiet"
          busy={releasing}
          onClick={() => {
            setReleasing(true);
            void onRelease(hold).finally(() => setReleasing(false));
          }}
        >
          {t.customer.release}
        </Button>
        <Button weight="primary" size="large" type="submit" busy={booking.busy}>
          {t.customer.confirm(format.money(service.price_minor, service.currency))}
        </Button>
      </div>
    </form>
  );
}

interface NewPlace extends Point {
  readonly address: string;
  readonly access_notes: string;
}

/** Says who, says where, books; goes on from where it failed when tried again. */
function useBooking(hold: HoldRow) {
  const { send } = useCommands();
  const [busy, setBusy] = useState(false);
  const [objection, setObjection] = useState<Objection | null>(null);
  const added = useRef<{ readonly key: string; readonly property: string } | null>(null);

  const propertyOf = async (place: NewPlace): Promise<string | Objection> => {
    const key = JSON.stringify(place);
    if (added.current?.key === key) return added.current.property;
    const outcome = await send('property.add', place);
    if (outcome.outcome !== 'accepted') return outcome;
    const property = String(outcome.result.property);
    added.current = { key, property };
    return property;
  };

  const steps = async (
    who: { name: string; phone: string } | null,
    where: string | NewPlace,
  ): Promise<Outcome> => {
    if (who !== null) {
      const outcome = await send('customer.update', who);
      if (outcome.outcome !== 'accepted') return outcome;
    }
    const property = typeof where === 'string' ? where : await propertyOf(where);
    if (typeof property !== 'string') return property;
    return send('booking.confirm', { hold: hold.id, property });
  };

  const book = async (who: { name: string; phone: string } | null, where: string | NewPlace) => {
    setBusy(true);
    setObjection(null);
    const outcome = await steps(who, where);
    setBusy(false);
    if (outcome.outcome !== 'accepted') {
      setObjection(outcome);
      return;
    }
    const made = String(outcome.result.booking);
    tellBooked(made);
    navigate(`/bookings/${made}`);
  };
  return { busy, objection, book };
}

function emptyPlace(zone: Zone, zones: readonly Zone[], point: Point | null): PlaceInput {
  const told = point !== null && zoneAt(zones, point)?.slug === zone.slug ? point : null;
  const { lon, lat } = told ?? centreOf(zone);
  return { address: '', notes: '', lon: String(lon), lat: String(lat) };
}

function pointOf(place: PlaceInput, fallback: Point): Point {
  const [lon, lat] = [Number(place.lon.replace(',', '.')), Number(place.lat.replace(',', '.'))];
  return Number.isFinite(lon) && Number.isFinite(lat) ? { lon, lat } : { ...fallback, lat: Number.NaN };
}
