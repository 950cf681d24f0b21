/** What is sold, also what is not on sale any more. */
import { useState } from 'react';
import { readAs, useAnswer } from '../../state/admin/reading';
import { slugOf } from '../../state/admin/week';
import { useServices } from '../../state/services';
import type { Catalogue, Service } from '../../wire';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Drawer } from './Drawer';
import { Row, Switch } from './fields';
import { Mark, Page, Table } from './ListPage';
import { SaveTrouble } from './SaveTrouble';
import { useAdminTexts } from './texts';
import { useOpenRow } from './useOpenRow';
import { useSaver } from './useSaver';
import { listed } from './ZonesPage';

export function ServicesPage() {
  const { a, t, format } = useAdminTexts();
  const read = useAnswer('catalogue.read', {});
  const open = useOpenRow();
  const services = read.kind === 'ready' ? read.value.services : [];
  const skills = read.kind === 'ready' ? read.value.skills : [];
  const service = services.find(({ slug }) => slug === open.id) ?? null;
  const add = { label: a.services.add, onClick: () => open.show('new') };
  const done = open.saved(read.reload);
  return (
    <Page title={a.nav.services} lead={a.services.lead} add={add}>
      <Table<Service>
        label={a.nav.services}
        list={listed(read, services)}
        keyOf={(row) => row.slug}
        nameOf={(row) => row.name}
        onOpen={(row) => open.show(row.slug)}
        empty={{
          title: a.services.none,
          hint: a.services.noneHint,
          action: <Button onClick={add.onClick}>{a.services.add}</Button>,
        }}
        columns={[
          { label: a.name, cell: () => null },
          {
            label: a.services.duration,
            cell: (row) => t.common.duration(row.duration_minutes),
            narrow: true,
          },
          { label: a.services.crew, cell: (row) => row.crew_size, narrow: true },
          { label: a.skills, cell: (row) => row.skills.join(', ') },
          {
            label: a.services.price,
            cell: (row) => format.money(row.price_minor, row.currency),
            narrow: true,
          },
          {
            label: a.services.onSale,
            cell: (row) => <Mark on={row.active} yes={a.services.onSale} no={a.services.offSale} />,
            narrow: true,
          },
        ]}
      />
      {open.id === 'new' && read.kind === 'ready' && (
        <ServiceForm service={null} skills={skills} onDone={done} />
      )}
      {service !== null && <ServiceForm key={service.slug} service={service} skills={skills} onDone={done} />}
    </Page>
  );
}

interface Draft {
  readonly name: string;
  readonly slug: string;
  readonly duration: string;
  readonly crew: string;
  readonly skills: string;
  readonly buffer: string;
  readonly lead: string;
  readonly window: string;
  readonly step: string;
  readonly price: string;
  readonly currency: string;
  readonly active: boolean;
}

function draftOf(service: Service | null): Draft {
  if (service === null) {
    return {
      ...{ name: '', slug: '', duration: '120', crew: '1', skills: '', buffer: '30' },
      ...{ lead: '2', window: '30', step: '30', price: '', currency: 'EUR', active: true },
    };
  }
  return {
    name: service.name,
    slug: service.slug,
    duration: String(service.duration_minutes),
    crew: String(service.crew_size),
    skills: service.skills.join(', '),
    buffer: String(service.travel_buffer_minutes),
    lead: String(service.lead_time_minutes / 60),
    window: String(service.booking_window_days),
    step: String(service.slot_step_minutes),
    price: (service.price_minor / minorUnits(service.currency)).toFixed(decimals(service.currency)),
    currency: service.currency,
    active: service.active,
  };
}

/** Figures of a currency behind the point. */
function decimals(currency: string): number {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

const minorUnits = (currency: string) => 10 ** decimals(currency);

/** Names of skills as the server keeps them. */
export function skillsIn(text: string): string[] {
  const names = text.split(/[,;]/).map(slugOf);
  return [...new Set(names.filter((name) => name !== ''))];
}

/** What is no number becomes one that the server turns down, with the field's name. */
const number = (text: string) => {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(value) ? 0 : Math.round(value);
};

const price = (text: string, currency: string) =>
  text.trim() === '' || Number.isNaN(Number(text.replace(',', '.')))
    ? -1
    : Math.round(Number(text.replace(',', '.')) * minorUnits(currency));

const FIELDS = [
  ...['name', 'slug', 'duration_minutes', 'crew_size', 'skills', 'travel_buffer_minutes'],
  ...['lead_time_minutes', 'booking_window_days', 'slot_step_minutes', 'price_minor', 'currency'],
];

interface FormProps {
  readonly service: Service | null;
  readonly skills: readonly string[];
  readonly onDone: (changed: boolean) => void;
}

function ServiceForm({ service: opened, skills, onDone }: FormProps) {
  const { a } = useAdminTexts();
  const { rest, session, catalogs } = useServices();
  const [service, setService] = useState(opened);
  const [draft, setDraft] = useState(() => draftOf(opened));
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const slug = service === null && draft.slug === '' ? slugOf(draft.name) : draft.slug;
  const saver = useSaver({
    kind: 'admin.service_save',
    taken: 'slug',
    parameters: ({ version }) => ({
      slug,
      name: draft.name,
      duration_minutes: number(draft.duration),
      crew_size: number(draft.crew),
      skills: skillsIn(draft.skills),
      travel_buffer_minutes: number(draft.buffer),
      lead_time_minutes: Math.round(Number(draft.lead.replace(',', '.')) * 60) || 0,
      booking_window_days: number(draft.window),
      slot_step_minutes: number(draft.step),
      price_minor: price(draft.price, draft.currency),
      currency: draft.currency,
      active: draft.active,
      ...(service === null ? {} : { expected_version: version ?? service.version }),
    }),
    onSaved: () => {
      catalogs.again();
      onDone(true);
    },
  });
  const readAnew = async () => {
    const catalogue = await readAs<Catalogue>(rest, session, '/api/v1/queries/catalogue.read');
    return catalogue.services.find((other) => other.slug === service?.slug) ?? null;
  };
  const text = (key: keyof Draft, label: string, field: string, hint?: string) => (
    <Field
      label={label}
      inputMode="decimal"
      value={String(draft[key])}
      onChange={(value) => change({ [key]: value })}
      fault={saver.faultOf(field)}
      {...(hint === undefined ? {} : { hint })}
    />
  );
  return (
    <Drawer
      title={service === null ? a.services.add : service.name}
      dirty={JSON.stringify(draft) !== JSON.stringify(draftOf(service))}
      busy={saver.busy}
      submit={service === null ? a.create : a.save}
      onSubmit={() => void saver.save()}
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
          disabled={service !== null}
          hint={a.slugHint}
          onChange={(value) => change({ slug: value })}
          fault={saver.faultOf('slug')}
        />
      </Row>
      <Row>
        {text('price', a.services.price, 'price_minor')}
        <Field
          label={a.services.currency}
          value={draft.currency}
          maxLength={3}
          onChange={(value) => change({ currency: value.toUpperCase() })}
          fault={saver.faultOf('currency')}
        />
      </Row>
      <Row>
        {text('duration', a.services.durationMinutes, 'duration_minutes')}
        {text('crew', a.services.crew, 'crew_size', a.services.crewHint)}
      </Row>
      <Field
        label={a.skills}
        value={draft.skills}
        list="known-skills"
        hint={a.services.skillsHint}
        onChange={(value) => change({ skills: value })}
        fault={saver.faultOf('skills')}
      />
      <datalist id="known-skills">
        {skills.map((skill) => (
          <option key={skill} value={skill} />
        ))}
      </datalist>
      <Row>
        {text('buffer', a.services.buffer, 'travel_buffer_minutes', a.services.bufferHint)}
        {text('step', a.services.step, 'slot_step_minutes', a.services.stepHint)}
      </Row>
      <Row>
        {text('lead', a.services.leadTime, 'lead_time_minutes', a.services.leadTimeHint)}
        {text('window', a.services.window, 'booking_window_days', a.services.windowHint)}
      </Row>
      <Switch
        label={a.services.onSale}
        hint={a.services.onSaleHint}
        checked={draft.active}
        onChange={(active) => change({ active })}
      />
      <SaveTrouble
        saver={saver}
        fields={FIELDS}
        before={service}
        readAnew={readAnew}
        takeTheirs={(theirs) => {
          setService(theirs);
          setDraft(draftOf(theirs));
          saver.calm();
        }}
      />
    </Drawer>
  );
}
