/** The hours of a week, from when to when they hold, and the dates on which they are different. */
import { useState } from 'react';
import { isDate } from '../../state/admin/moments';
import { hoursText, readHours } from '../../state/admin/week';
import { useNow } from '../../state/now';
import { localDate } from '../../state/zoned';
import type { ShiftHours, TemplateEntry, Zone } from '../../wire';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { useSearch } from '../router';
import { CleanerPick } from './CleanerPick';
import { Drawer } from './Drawer';
import { Choice, Row } from './fields';
import { SaveTrouble } from './SaveTrouble';
import css from './TemplateForm.module.css';
import { useAdminTexts } from './texts';
import { useSaver } from './useSaver';
import { dayNames } from './ZonesPage';

interface FormProps {
  readonly template: TemplateEntry | null;
  readonly zones: readonly Zone[];
  readonly onDone: (changed: boolean) => void;
  readonly reload?: () => Promise<unknown>;
}

interface Draft {
  readonly zone: string;
  readonly cleaner: { readonly id: string; readonly name: string } | null;
  readonly week: readonly string[];
  readonly from: string;
  readonly until: string;
}

type Week = [
  ShiftHours[],
  ShiftHours[],
  ShiftHours[],
  ShiftHours[],
  ShiftHours[],
  ShiftHours[],
  ShiftHours[],
];

const WORKDAYS = '08:00–16:00';
const FIELDS = ['cleaner', 'zone', 'week', 'valid_from', 'valid_until'];

export function TemplateForm({ template, zones, onDone, reload }: FormProps) {
  const { a, format } = useAdminTexts();
  const search = useSearch();
  const now = useNow(60_000);
  const [before] = useState<Draft>(() => {
    if (template !== null) {
      return {
        zone: template.zone,
        cleaner: { id: template.cleaner, name: template.cleaner_name },
        week: template.week.map(hoursText),
        from: template.valid_from,
        until: template.valid_until ?? '',
      };
    }
    const zone = zones.find(({ slug }) => slug === search.get('zone')) ?? zones[0];
    return {
      zone: zone?.slug ?? '',
      cleaner: null,
      week: Array.from({ length: 7 }, (_, day) => (day < 5 ? WORKDAYS : '')),
      from: localDate(now, zone?.time_zone ?? 'UTC'),
      until: '',
    };
  });
  const [draft, setDraft] = useState(before);
  const [missing, setMissing] = useState<string | null>(null);
  const change = (part: Partial<Draft>) => setDraft((known) => ({ ...known, ...part }));
  const week = draft.week.map(readHours);
  const saver = useSaver({
    kind: 'template.save',
    parameters: ({ force, version }) => ({
      cleaner: draft.cleaner?.id ?? '',
      zone: draft.zone,
      week: week.map((hours) => hours ?? []) as Week,
      valid_from: draft.from,
      ...(draft.until === '' ? {} : { valid_until: draft.until }),
      ...(force === undefined ? {} : { force }),
      ...(template === null ? {} : { template: template.id, expected_version: version ?? template.version }),
    }),
    onSaved: () => onDone(true),
  });
  const submit = () => {
    const fault =
      draft.cleaner === null
        ? 'cleaner'
        : week.includes(null)
          ? 'week'
          : !isDate(draft.from)
            ? 'valid_from'
            : null;
    setMissing(fault);
    if (fault === null) void saver.save();
  };
  const faultOf = (field: keyof typeof a.fieldFaults) =>
    missing === field ? a.fieldFaults[field] : saver.faultOf(field);
  const names = dayNames(format.weekday);
  return (
    <Drawer
      title={template === null ? a.shifts.addTemplate : template.cleaner_name}
      dirty={JSON.stringify(draft) !== JSON.stringify(before)}
      busy={saver.busy}
      submit={template === null ? a.create : a.save}
      onSubmit={submit}
      onClose={() => onDone(false)}
    >
      <Choice
        label={a.zone}
        value={draft.zone}
        disabled={template !== null}
        options={zones.map(({ slug, name }) => ({ value: slug, label: name }))}
        onChange={(zone) => change({ zone })}
        fault={faultOf('zone')}
      />
      {template === null && (
        <CleanerPick
          chosen={draft.cleaner}
          zone={draft.zone}
          onChoose={({ id, name }) => change({ cleaner: { id, name } })}
          fault={faultOf('cleaner')}
        />
      )}
      <fieldset className={css.week}>
        <legend>{a.shifts.week}</legend>
        {draft.week.map((text, day) => (
          <label key={names[day]}>
            <span>{names[day]}</span>
            <input
              value={text}
              aria-invalid={week[day] === null || undefined}
              placeholder={a.shifts.dayOff}
              onChange={(event) =>
                change({ week: draft.week.map((other, at) => (at === day ? event.target.value : other)) })
              }
            />
          </label>
        ))}
        <p className={css.hint}>{a.shifts.weekHint}</p>
        {faultOf('week') !== null && <p className={css.fault}>{faultOf('week')}</p>}
      </fieldset>
      <Row>
        <Field
          label={a.shifts.validFrom}
          type="date"
          value={draft.from}
          onChange={(from) => change({ from })}
          fault={faultOf('valid_from')}
        />
        <Field
          label={a.shifts.validUntil}
          type="date"
          value={draft.until}
          hint={a.shifts.validUntilHint}
          onChange={(until) => change({ until })}
          fault={faultOf('valid_until')}
        />
      </Row>
      <SaveTrouble saver={saver} fields={FIELDS} />
      {template !== null && <Exceptions template={template} reload={reload ?? (async () => undefined)} />}
    </Drawer>
  );
}

/** Saved one by one, beside the form. */
function Exceptions({ template, reload }: { template: TemplateEntry; reload: () => Promise<unknown> }) {
  const { a, format } = useAdminTexts();
  const [date, setDate] = useState('');
  const [text, setText] = useState('');
  const [again, setAgain] = useState<string | null>(null);
  const hours = readHours(text);
  const saver = useSaver({
    kind: 'template.except',
    // Of one date, whatever else has changed: the server itself plans further weeks meanwhile.
    parameters: ({ force }) => ({
      template: template.id,
      date: again ?? date,
      ...(again === null && hours !== null ? { hours } : {}),
      ...(force === undefined ? {} : { force }),
    }),
    onSaved: () => void reload(),
  });
  const known = Object.entries(template.exceptions).sort(([one], [other]) => one.localeCompare(other));
  return (
    <section className={css.exceptions}>
      <h3>{a.shifts.exceptions}</h3>
      <ul>
        {known.map(([day, exception]) => (
          <li key={day}>
            <span>{format.longDay(day)}</span>
            <span>
              {exception?.kind === 'hours' ? hoursText(exception.hours) || a.shifts.dayOff : a.shifts.byHand}
            </span>
            <Button size="small" weight="quiet" onClick={() => setAgain(day)} aria-pressed={again === day}>
              {a.shifts.asTheWeek}
            </Button>
          </li>
        ))}
        {known.length === 0 && <li>{a.shifts.noExceptions}</li>}
      </ul>
      {again === null ? (
        <Row>
          <Field label={a.date} type="date" value={date} onChange={setDate} fault={saver.faultOf('date')} />
          <Field
            label={a.shifts.hoursThen}
            value={text}
            placeholder={a.shifts.dayOff}
            onChange={setText}
            fault={hours === null ? a.fieldFaults.week : saver.faultOf('hours')}
          />
        </Row>
      ) : (
        <p>{a.shifts.asTheWeekOn(format.longDay(again))}</p>
      )}
      <div className={css.buttons}>
        <Button
          size="small"
          busy={saver.busy}
          disabled={again === null && (!isDate(date) || hours === null)}
          onClick={() => void saver.save()}
        >
          {a.shifts.saveException}
        </Button>
        {again !== null && (
          <Button size="small" weight="quiet" onClick={() => setAgain(null)}>
            {a.keepEditing}
          </Button>
        )}
      </div>
      <SaveTrouble saver={saver} fields={['date', 'hours']} />
    </section>
  );
}
