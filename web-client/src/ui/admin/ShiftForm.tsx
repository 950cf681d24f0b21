/** One shift: made, given another time, or taken back. */
import { useState } from 'react';
import { instantsOf, spanOf } from '../../state/admin/moments';
import { useNow } from '../../state/now';
import { addDays, localDate } from '../../state/zoned';
import type { ShiftEntry, Zone } from '../../wire';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { useSearch } from '../router';
import { CleanerPick } from './CleanerPick';
import { Drawer } from './Drawer';
import { Choice, Row } from './fields';
import { SaveTrouble } from './SaveTrouble';
import { useAdminTexts } from './texts';
import { useSaver } from './useSaver';

interface FormProps {
  readonly shift: ShiftEntry | null;
  readonly zones: readonly Zone[];
  readonly onDone: (changed: boolean) => void;
}

const FIELDS = ['cleaner', 'zone', 'start', 'end'];

export function ShiftForm({ shift, zones, onDone }: FormProps) {
  return shift === null ? (
    <NewShift zones={zones} onDone={onDone} />
  ) : (
    <KnownShift shift={shift} zones={zones} onDone={onDone} />
  );
}

function NewShift({ zones, onDone }: Omit<FormProps, 'shift'>) {
  const { a } = useAdminTexts();
  const search = useSearch();
  const now = useNow(60_000);
  const [zone, setZone] = useState(search.get('zone') ?? zones[0]?.slug ?? '');
  const timeZone = zones.find(({ slug }) => slug === zone)?.time_zone ?? 'UTC';
  const [start] = useState(() => ({
    date: addDays(localDate(now, timeZone), 1),
    from: '08:00',
    to: '16:00',
  }));
  const [span, setSpan] = useState(start);
  const [cleaner, setCleaner] = useState<{ id: string; name: string } | null>(null);
  const [missing, setMissing] = useState<string | null>(null);
  const instants = instantsOf(span, timeZone);
  const saver = useSaver({
    kind: 'shift.publish',
    taken: 'start',
    parameters: () => ({
      cleaner: cleaner?.id ?? '',
      zone,
      start: instants?.start ?? '',
      end: instants?.end ?? '',
    }),
    onSaved: () => onDone(true),
  });
  const submit = () => {
    const fault = cleaner === null ? 'cleaner' : instants === null ? 'start' : null;
    setMissing(fault);
    if (fault === null) void saver.save();
  };
  return (
    <Drawer
      title={a.shifts.add}
      dirty={cleaner !== null || span !== start}
      busy={saver.busy}
      submit={a.create}
      onSubmit={submit}
      onClose={() => onDone(false)}
    >
      <Choice
        label={a.zone}
        value={zone}
        options={zones.map(({ slug, name }) => ({ value: slug, label: name }))}
        onChange={setZone}
        fault={saver.faultOf('zone')}
      />
      <CleanerPick
        chosen={cleaner}
        zone={zone}
        onChoose={setCleaner}
        fault={missing === 'cleaner' ? a.fieldFaults.cleaner : saver.faultOf('cleaner')}
      />
      <SpanFields
        span={span}
        onChange={setSpan}
        timeZone={timeZone}
        fault={missing === 'start' ? a.fieldFaults.start : (saver.faultOf('start') ?? saver.faultOf('end'))}
      />
      <SaveTrouble saver={saver} fields={FIELDS} />
    </Drawer>
  );
}

function KnownShift({ shift, zones, onDone }: FormProps & { readonly shift: ShiftEntry }) {
  const { a, format } = useAdminTexts();
  const timeZone = zones.find(({ slug }) => slug === shift.zone)?.time_zone ?? 'UTC';
  const [before] = useState(() => spanOf(shift.starts_at, shift.ends_at, timeZone));
  const [span, setSpan] = useState(before);
  const [faulty, setFaulty] = useState(false);
  const instants = instantsOf(span, timeZone);
  const versioned = { shift: shift.id, expected_version: shift.version };
  const change = useSaver({
    kind: 'shift.change',
    taken: 'start',
    parameters: ({ force, version }) => ({
      ...versioned,
      start: instants?.start ?? '',
      end: instants?.end ?? '',
      ...(force === undefined ? {} : { force }),
      ...(version === undefined ? {} : { expected_version: version }),
    }),
    onSaved: () => onDone(true),
  });
  const cancel = useSaver({
    kind: 'shift.cancel',
    parameters: ({ force, version }) => ({
      ...versioned,
      ...(force === undefined ? {} : { force }),
      ...(version === undefined ? {} : { expected_version: version }),
    }),
    onSaved: () => onDone(true),
  });
  const submit = () => {
    setFaulty(instants === null);
    cancel.calm();
    if (instants !== null) void change.save();
  };
  const takeBack = () => {
    change.calm();
    void cancel.save();
  };
  return (
    <Drawer
      title={shift.cleaner_name}
      lead={`${format.longDay(shift.local_date)} · ${shift.template === null ? a.shifts.byHand : a.shifts.byTemplate}`}
      dirty={JSON.stringify(span) !== JSON.stringify(before)}
      busy={change.busy || cancel.busy}
      submit={a.save}
      onSubmit={submit}
      onClose={() => onDone(false)}
      extra={
        <Button weight="danger" busy={cancel.busy} onClick={takeBack}>
          {a.shifts.cancel}
        </Button>
      }
    >
      <SpanFields
        span={span}
        onChange={setSpan}
        timeZone={timeZone}
        fault={faulty ? a.fieldFaults.start : (change.faultOf('start') ?? change.faultOf('end'))}
      />
      {shift.template !== null && <p>{a.shifts.leavesTemplate}</p>}
      <SaveTrouble saver={change} fields={FIELDS} />
      <SaveTrouble saver={cancel} fields={[]} />
    </Drawer>
  );
}

interface SpanProps {
  readonly span: { readonly date: string; readonly from: string; readonly to: string };
  readonly onChange: (span: { date: string; from: string; to: string }) => void;
  readonly timeZone: string;
  readonly fault: string | null;
}

export function SpanFields({ span, onChange, timeZone, fault }: SpanProps) {
  const { a } = useAdminTexts();
  return (
    <>
      <Field label={a.date} type="date" value={span.date} onChange={(date) => onChange({ ...span, date })} />
      <Row>
        <Field
          label={a.from}
          value={span.from}
          inputMode="numeric"
          fault={fault}
          onChange={(from) => onChange({ ...span, from })}
        />
        <Field
          label={a.until}
          value={span.to}
          inputMode="numeric"
          hint={a.shifts.clock(timeZone)}
          onChange={(to) => onChange({ ...span, to })}
        />
      </Row>
    </>
  );
}
