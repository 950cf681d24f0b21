/** A new address: the street, how to get in, and for those who know it the exact point. */
import { useId } from 'react';
import type { Zone } from '../../wire';
import { useTexts } from '../i18n';
import { Field } from '../parts/Field';
import css from './PlaceFields.module.css';

export interface PlaceInput {
  readonly address: string;
  readonly notes: string;
  readonly lon: string;
  readonly lat: string;
}

interface PlaceFieldsProps {
  readonly zone: Zone;
  readonly place: PlaceInput;
  readonly onChange: (place: PlaceInput) => void;
  readonly addressFault: string | null;
  readonly pointFault: string | null;
}

export function PlaceFields({ zone, place, onChange, addressFault, pointFault }: PlaceFieldsProps) {
  const { t } = useTexts();
  const notes = useId();
  return (
    <>
      <Field
        label={t.customer.address}
        name="address"
        autoComplete="street-address"
        placeholder={t.customer.addressPlaceholder}
        hint={t.customer.inZone(zone.name)}
        value={place.address}
        onChange={(address) => onChange({ ...place, address })}
        fault={addressFault}
      />
      <div className={css.notes}>
        <label htmlFor={notes}>{t.customer.notes}</label>
        <textarea
          id={notes}
          name="access_notes"
          rows={2}
          maxLength={1000}
          placeholder={t.customer.notesPlaceholder}
          value={place.notes}
          onChange={(event) => onChange({ ...place, notes: event.target.value })}
        />
      </div>
      <details className={css.point} open={pointFault !== null || undefined}>
        <summary>{t.customer.coordinates}</summary>
        <div className={css.pair}>
          <Field
            label={t.customer.longitude}
            inputMode="decimal"
            value={place.lon}
            onChange={(lon) => onChange({ ...place, lon })}
          />
          <Field
            label={t.customer.latitude}
            inputMode="decimal"
            value={place.lat}
            onChange={(lat) => onChange({ ...place, lat })}
          />
        </div>
        {pointFault !== null && (
          <p className={css.fault} role="alert">
            {pointFault}
          </p>
        )}
      </details>
    </>
  );
}
