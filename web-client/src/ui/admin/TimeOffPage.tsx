/** When people are away. */
import { useState } from 'react';
import { daysRange, isDate } from '../../state/admin/moments';
import { useAnswer, useRowsOf } from '../../state/admin/reading';
import { clockMinutes } from '../../state/admin/week';
import { useNow } from '../../state/now';
import { addDays, instantOf, localDate } from '../../state/zoned';
import type { CleanerEntry, TimeOffEntry, Zone } from '../../wire';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { useSearch } from '../router';
import { CleanerPick } from './CleanerPick';
import { Drawer } from './Drawer';
import { Row } from './fields';
import { Filter, FilterText, Page, Table } from './ListPage';
import { SaveTrouble } from './SaveTrouble';
import { useDays } from './ShiftsPage';
import { useAdminTexts } from './texts';
import { useOpenRow } from './useOpenRow';
import { useSaver } from './useSaver';

export function TimeOffPage() {
  const { a, format } = useAdminTexts();
  const search = useSearch();
  const open = useOpenRow();
  const read = useAnswer('catalogue.read', {});
  const zones = read.kind === 'ready' ? read.value.zones : [];
  const zone = search.get('zone');
  const timeZone = (zones.find(({ slug }) => slug === zone) ?? zones[0])?.time_zone ?? 'UTC';
  const week = useDays(timeZone);
  const days = isDate(search.get('until') ?? '') ? week : { from: week.from, until: addDays(week.from, 30) };
  const list = useRowsOf(
    'time_off.list',
    { ...daysRange(days.from, days.until, timeZone), ...(zone === null ? {} : { zone }) },
    (page) => page.time_off,
  );
  const add = { label: a.timeOff.add, onClick: () => open.show('new') };
  const shown = list.rows.find(({ id }) => id === open.id) ?? null;
  const at = (instant: string) => format.moment(instant, timeZone, 0);
  return (
    <Page
      title={a.nav['time-off']}
      lead={a.timeOff.lead}
      add={add}
      filters={
        <>
          <Filter
            name="zone"
            label={a.zone}
            all={a.all}
            options={zones.map(({ slug, name }) => ({ value: slug, label: name }))}
          />
          <FilterText name="from" label={a.from} type="date" usual={days.from} />
          <FilterText name="until" label={a.until} type="date" usual={days.until} />
        </>
      }
    >
      <Table<TimeOffEntry>
        label={a.nav['time-off']}
        list={list}
        keyOf={(row) => row.id}
        nameOf={(row) => row.cleaner_name}
        onOpen={(row) => open.show(row.id)}
        empty={{
          title: a.timeOff.none(format.day(days.from), format.day(days.until)),
          action: <Button onClick={add.onClick}>{a.timeOff.add}</Button>,
        }}
        columns={[
          { label: a.cleaner, cell: () => null },
          { label: a.from, cell: (row) => at(row.starts_at), narrow: true },
          { label: a.until, cell: (row) => at(row.ends_at), narrow: true },
          { label: a.timeOff.reason, cell: (row) => row.reason ?? '' },
        ]}
      />
      {open.id === 'new' && read.kind === 'ready' && (
        <TimeOffForm zones={zones} onDone={open.saved(list.reload)} />
      )}
      {shown !== null && (
        <Drawer
          title={shown.cleaner_name}
          lead={`${at(shown.starts_at)} – ${at(shown.ends_at)}`}
          dirty={false}
          onClose={open.close}
        >
          {shown.reason !== null && shown.reason !== '' && <p>{shown.reason}</p>}
          <p>{a.timeOff.stays}</p>
        </Drawer>
      )}
    </Page>
  );
}

const FIELDS = ['cleaner', 'start', 'end', 'reason'];

function TimeOffForm({ zones, onDone }: { zones: readonly Zone[]; onDone: (changed: boolean) => void }) {
  const { a } = useAdminTexts();
  const now = useNow(60_000);
  const [cleaner, setCleaner] = useState<CleanerEntry | null>(null);
  const home = zones.find(({ slug }) => cleaner?.zones.includes(slug)) ?? zones[0];
  const timeZone = home?.time_zone ?? 'UTC';
  const [begin] = useState(() => {
    const tomorrow = addDays(localDate(now, timeZone), 1);
    return { from: tomorrow, fromTime: '00:00', until: tomorrow, untilTime: '24:00', reason: '' };
  });
  const [draft, setDraft] = useState(begin);
  const [missing, setMissing] = useState<string | null>(null);
  const change = (part: Partial<typeof begin>) => setDraft((before) => ({ ...before, ...part }));
  const instant = (date: string, time: string) => {
    const minutes = clockMinutes(time);
    if (!isDate(date) || minutes === null) return null;
    const whole = minutes === 24 * 60;
    const wall = { date: whole ? addDays(date, 1) : date, minutes: whole ? 0 : minutes };
    return new Date(instantOf(wall, timeZone)).toISOString();
  };
  const [start, end] = [instant(draft.from, draft.fromTime), instant(draft.until, draft.untilTime)];
  const saver = useSaver({
    kind: 'time_off.add',
    taken: 'start',
    parameters: ({ force }) => ({
      cleaner: cleaner?.id ?? '',
      start: start ?? '',
      end: end ?? '',
      ...(draft.reason === '' ? {} : { reason: draft.reason }),
      ...(force === undefined ? {} : { force }),
    }),
    onSaved: () => onDone(true),
  });
  const submit = () => {
    const fault = cleaner === null ? 'cleaner' : start === null ? 'start' : end === null ? 'end' : null;
    setMissing(fault);
    if (fault === null) void saver.save();
  };
  const faultOf = (field: 'cleaner' | 'start' | 'end' | 'reason') =>
    missing === field ? a.fieldFaults[field] : saver.faultOf(field);
  return (
    <Drawer
      title={a.timeOff.add}
      dirty={cleaner !== null || draft !== begin}
      busy={saver.busy}
      submit={a.create}
      onSubmit={submit}
      onClose={() => onDone(false)}
    >
      <CleanerPick chosen={cleaner} onChoose={setCleaner} fault={faultOf('cleaner')} />
      <Row>
        <Field
          label={a.timeOff.firstDay}
          type="date"
          value={draft.from}
          onChange={(from) => change({ from })}
          fault={faultOf('start')}
        />
        <Field label={a.from} value={draft.fromTime} onChange={(fromTime) => change({ fromTime })} />
      </Row>
      <Row>
        <Field
          label={a.timeOff.lastDay}
          type="date"
          value={draft.until}
          onChange={(until) => change({ until })}
          fault={faultOf('end')}
        />
        <Field
          label={a.until}
          value={draft.untilTime}
          hint={a.shifts.clock(timeZone)}
          onChange={(untilTime) => change({ untilTime })}
        />
      </Row>
      <Field
        label={a.timeOff.reason}
        value={draft.reason}
        hint={a.timeOff.reasonHint}
        onChange={(reason) => change({ reason })}
        fault={faultOf('reason')}
      />
      <SaveTrouble saver={saver} fields={FIELDS} />
    </Drawer>
  );
}
