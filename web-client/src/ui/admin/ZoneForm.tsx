/** A zone: its name, its clock, when it is open, and its outline. */
import { useState } from 'react';
import { type Corners, fromRing, toRing } from '../../state/admin/polygon';
import { readAs } from '../../state/admin/reading';
import { type DayText, dayText, readDay, slugOf } from '../../state/admin/week';
import { useServices } from '../../state/services';
import type { Catalogue, Zone } from '../../wire';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Drawer } from './Drawer';
import { Row } from './fields';
import { OutlineEditor } from './OutlineEditor';
import { SaveTrouble } from './SaveTrouble';
import { useAdminTexts } from './texts';
import { useSaver } from './useSaver';
import css from './ZoneForm.module.css';
import { dayNames } from './ZonesPage';

interface Draft {
  readonly name: string;
  readonly slug: string;
  readonly timeZone: string;
  readonly days: readonly DayText[];
  readonly corners: Corners;
}

function draftOf(zone: Zone | null): Draft {
  if (zone === null) {
    const workday = dayText({ opens: 8 * 60, closes: 20 * 60 });
    const days = Array.from({ length: 7 }, (_, day) => (day < 5 ? workday : dayText(null)));
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return { name: '', slug: '', timeZone, days, corners: [] };
  }
  return {
    name: zone.name,
    slug: zone.slug,
    timeZone: zone.time_zone,
    days: zone.opening_hours.map(dayText),
    corners: fromRing(zone.polygon),
  };
}

interface FormProps {
  readonly zone: Zone | null;
  readonly others: readonly Zone[];
  readonly onDone: (changed: boolean) => void;
}

const FIELDS = ['name', 'slug', 'time_zone', 'opening_hours', 'polygon'];

export function ZoneForm({ zone: opened, others, onDone }: FormProps) {
  const { a, t } = useAdminTexts();
  const { rest, session, catalogs } = useServices();
  const [zone, setZone] = useState(opened);
  const [draft, setDraft] = useState(() => draftOf(opened));
  const [hoursFault, setHoursFault] = useState(false);
  const dirty = JSON.stringify(draft) !== JSON.stringify(draftOf(zone));
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const slug = zone === null && draft.slug === '' ? slugOf(draft.name) : draft.slug;
  const saver = useSaver({
    kind: 'admin.zone_save',
    taken: 'slug',
    parameters: ({ version }) => ({
      slug,
      name: draft.name,
      time_zone: draft.timeZone,
      polygon: toRing(draft.corners),
      opening_hours: draft.days.map((day) => readDay(day) ?? null) as Zone['opening_hours'],
      ...(zone === null ? {} : { expected_version: version ?? zone.version }),
    }),
    onSaved: () => {
      catalogs.again();
      onDone(true);
    },
  });
  const submit = () => {
    const faulty = draft.days.some((day) => readDay(day) === undefined);
    setHoursFault(faulty);
    if (!faulty) void saver.save();
  };
  const readAnew = async () => {
    const catalogue = await readAs<Catalogue>(rest, session, '/api/v1/queries/catalogue.read');
    return catalogue.zones.find((other) => other.slug === zone?.slug) ?? null;
  };
  return (
    <Drawer
      wide
      title={zone === null ? a.zones.add : zone.name}
      dirty={dirty}
      busy={saver.busy}
      submit={zone === null ? a.create : a.save}
      onSubmit={submit}
      onClose={() => onDone(false)}
    >
      <Row>
        <Field
          label={a.name}
          value={draft.name}
          onChange={(name) => change({ name })}
          fault={saver.faultOf('name')}
        />
        <Field
          label={a.slug}
          value={slug}
          disabled={zone !== null}
          hint={a.slugHint}
          onChange={(text) => change({ slug: text })}
          fault={saver.faultOf('slug')}
        />
        <Field
          label={a.zones.timeZone}
          value={draft.timeZone}
          list="time-zones"
          hint={a.zones.timeZoneHint}
          onChange={(timeZone) => change({ timeZone })}
          fault={saver.faultOf('time_zone')}
        />
      </Row>
      <datalist id="time-zones">
        {Intl.supportedValuesOf('timeZone').map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <OutlineEditor
        corners={draft.corners}
        others={others}
        onChange={(corners) => change({ corners })}
        fault={saver.faultOf('polygon')}
      />
      <OpeningHours
        days={draft.days}
        onChange={(days) => change({ days })}
        fault={hoursFault ? a.fieldFaults.opening_hours : saver.faultOf('opening_hours')}
      />
      {zone !== null && <p className={css.note}>{a.zones.keepsBookings}</p>}
      <SaveTrouble
        saver={saver}
        fields={FIELDS}
        before={zone}
        readAnew={readAnew}
        takeTheirs={(theirs) => {
          setZone(theirs);
          setDraft(draftOf(theirs));
          saver.calm();
        }}
      />
      <span className="visually-hidden" aria-live="polite">
        {saver.busy ? t.common.loading : ''}
      </span>
    </Drawer>
  );
}

interface HoursProps {
  readonly days: readonly DayText[];
  readonly onChange: (days: readonly DayText[]) => void;
  readonly fault: string | null;
}

function OpeningHours({ days, onChange, fault }: HoursProps) {
  const { a, format } = useAdminTexts();
  const names = dayNames(format.weekday);
  const change = (at: number, part: Partial<DayText>) =>
    onChange(days.map((day, place) => (place === at ? { ...day, ...part } : day)));
  const [monday] = days;
  return (
    <fieldset className={css.hours}>
      <legend>{a.zones.hours}</legend>
      {days.map((day, at) => {
        const name = names[at] ?? '';
        const wrong = day.open && readDay(day) === undefined;
        return (
          <div key={name} className={css.day}>
            <label className={css.open}>
              <input
                type="checkbox"
                checked={day.open}
                onChange={(event) => change(at, { open: event.target.checked })}
              />
              {name}
            </label>
            {day.open ? (
              <>
                <input
                  aria-label={`${name} ${a.zones.opens}`}
                  aria-invalid={wrong || undefined}
                  inputMode="numeric"
                  value={day.from}
                  onChange={(event) => change(at, { from: event.target.value })}
                />
                <span aria-hidden>–</span>
                <input
                  aria-label={`${name} ${a.zones.closes}`}
                  aria-invalid={wrong || undefined}
                  inputMode="numeric"
                  value={day.to}
                  onChange={(event) => change(at, { to: event.target.value })}
                />
              </>
            ) : (
              <span className={css.closed}>{a.zones.closed}</span>
            )}
          </div>
        );
      })}
      {monday !== undefined && (
        <Button size="small" onClick={() => onChange(days.map(() => monday))}>
          {a.zones.likeMonday}
        </Button>
      )}
      {fault !== null && <p className={css.fault}>{fault}</p>}
    </fieldset>
  );
}
