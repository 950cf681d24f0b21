/** Where to clean: an address already known, the place where somebody is or points at, or a district. */
import { LocateFixed } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { nearestZone, type Point, readPosition, writePosition, zoneAt } from '../../state/geo';
import type { PropertyRow, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { setSearch } from '../router';
import { Choice } from './Choice';
import css from './WhereStep.module.css';

interface WhereStepProps {
  readonly zones: readonly Zone[];
  readonly properties: readonly PropertyRow[];
}

export function WhereStep({ zones, properties }: WhereStepProps) {
  const { t } = useTexts();
  const names = new Map(zones.map((zone) => [zone.slug, zone.name]));
  const known = properties.filter((property) => names.has(property.zone));
  return (
    <div className={css.step}>
      {known.length > 0 && (
        <>
          <h3 className={css.group}>{t.customer.saved}</h3>
          <ul className={css.list}>
            {known.map((property) => (
              <li key={property.id}>
                <Choice
                  title={property.address}
                  note={names.get(property.zone) ?? property.zone}
                  onChoose={() => setSearch({ property: property.id, zone: null, at: null })}
                />
              </li>
            ))}
          </ul>
          <h3 className={css.group}>{t.customer.newPlace}</h3>
        </>
      )}
      <ul className={css.list}>
        {zones.map((zone) => (
          <li key={zone.slug}>
            <Choice
              title={zone.name}
              onChoose={() => setSearch({ zone: zone.slug, property: null, at: null })}
            />
          </li>
        ))}
      </ul>
      <FromPosition zones={zones} />
    </div>
  );
}

type Found =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'outside'; readonly nearest: string; readonly km: number };

/** Which district a place lies in: where the reader is, or a position copied from a map. */
function FromPosition({ zones }: { zones: readonly Zone[] }) {
  const { t, format } = useTexts();
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState<Found>({ kind: 'nothing' });

  const take = (point: Point) => {
    const zone = zoneAt(zones, point);
    if (zone !== null) {
      setSearch({ zone: zone.slug, property: null, at: writePosition(point) });
      return;
    }
    const nearest = nearestZone(zones, point);
    if (nearest !== null) setFound({ kind: 'outside', nearest: nearest.zone.name, km: nearest.km });
  };
  const locate = () => {
    setFound({ kind: 'looking' });
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setFound({ kind: 'nothing' });
        take({ lon: coords.longitude, lat: coords.latitude });
      },
      () => setFound({ kind: 'failed' }),
      { timeout: 10_000, maximumAge: 60_000 },
    );
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const point = readPosition(typed);
    if (point === null) setFound({ kind: 'unreadable' });
    else take(point);
  };

  return (
    <div className={css.position}>
      {'geolocation' in navigator && (
        <Button busy={found.kind === 'looking'} icon={<LocateFixed size={18} aria-hidden />} onClick={locate}>
          {t.customer.locate}
        </Button>
      )}
      <details className={css.typed}>
        <summary>{t.customer.byPosition}</summary>
        <form className={css.form} onSubmit={submit} noValidate>
          <Field
            label={t.customer.position}
            hint={t.customer.positionHint}
            inputMode="text"
            value={typed}
            onChange={setTyped}
            fault={found.kind === 'unreadable' ? t.customer.positionFault : null}
          />
          <Button type="submit">{t.customer.positionFind}</Button>
        </form>
      </details>
      <p className={css.told} role="status">
        {found.kind === 'failed' && t.customer.locateFailed}
        {found.kind === 'outside' && t.customer.outsideOfAll(found.nearest, format.decimal(found.km))}
      </p>
    </div>
  );
}
