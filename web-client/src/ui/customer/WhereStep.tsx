/** Where to clean: an address already known, or the area of a new one. */
import type { PropertyRow, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { setSearch } from '../router';
import { Choice } from './Choice';
import css from './WhereStep.module.css';

export function WhereStep({
  zones,
  properties,
}: {
  zones: readonly Zone[];
  properties: readonly PropertyRow[];
}) {
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
                  onChoose={() => setSearch({ property: property.id, zone: null })}
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
            <Choice title={zone.name} onChoose={() => setSearch({ zone: zone.slug, property: null })} />
          </li>
        ))}
      </ul>
    </div>
  );
}
