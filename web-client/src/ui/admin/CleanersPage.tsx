/** Who works for the company: where, and what they may do. */
import { useState } from 'react';
import { readAs, useAnswer, useRowsOf } from '../../state/admin/reading';
import { useServices } from '../../state/services';
import type { Body, CleanerEntry, Zone } from '../../wire';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Link, useSearch } from '../router';
import { Drawer } from './Drawer';
import { Row, Switch, Ticks } from './fields';
import { Filter, FilterText, Mark, Page, Table } from './ListPage';
import { SaveTrouble } from './SaveTrouble';
import { useAdminTexts } from './texts';
import { useOpenRow } from './useOpenRow';
import { useSaver } from './useSaver';

export function CleanersPage() {
  const { a, t } = useAdminTexts();
  const search = useSearch();
  const open = useOpenRow();
  const read = useAnswer('catalogue.read', {});
  const [zones, skills] = read.kind === 'ready' ? [read.value.zones, read.value.skills] : [[], []];
  const filter = (name: string) => {
    const value = search.get(name);
    return value === null ? {} : { [name]: value };
  };
  const state = search.get('state');
  const list = useRowsOf(
    'cleaners.list',
    {
      ...filter('text'),
      ...filter('zone'),
      ...filter('skill'),
      ...(state === null ? {} : { active: state === 'active' }),
    },
    (page) => page.cleaners,
  );
  const cleaner = list.rows.find(({ id }) => id === open.id) ?? null;
  const done = open.saved(list.reload);
  const nameOf = (slug: string) => zones.find((zone) => zone.slug === slug)?.name ?? slug;
  const add = { label: a.cleaners.add, onClick: () => open.show('new') };
  return (
    <Page
      title={a.nav.cleaners}
      lead={a.cleaners.lead}
      add={add}
      filters={
        <>
          <FilterText name="text" label={a.cleaners.search} />
          <Filter
            name="zone"
            label={a.zone}
            all={a.all}
            options={zones.map(({ slug, name }) => ({ value: slug, label: name }))}
          />
          <Filter
            name="skill"
            label={a.skill}
            all={a.all}
            options={skills.map((skill) => ({ value: skill, label: skill }))}
          />
          <Filter
            name="state"
            label={a.state}
            all={a.all}
            options={[
              { value: 'active', label: a.cleaners.active },
              { value: 'gone', label: a.cleaners.inactive },
            ]}
          />
        </>
      }
    >
      <Table<CleanerEntry>
        label={a.nav.cleaners}
        list={list}
        keyOf={(row) => row.id}
        nameOf={(row) => row.name}
        onOpen={(row) => open.show(row.id)}
        empty={{
          title: a.nobody,
          hint: search.size === 0 ? a.cleaners.noneHint : a.otherFilters,
          action: search.size === 0 && <Button onClick={add.onClick}>{a.cleaners.add}</Button>,
        }}
        columns={[
          { label: a.personName, cell: () => null },
          { label: a.zonesOf, cell: (row) => row.zones.map(nameOf).join(', ') },
          { label: a.skills, cell: (row) => row.skills.join(', ') },
          { label: a.phone, cell: (row) => row.phone ?? '', narrow: true },
          { label: a.cleaners.duty, cell: (row) => t.duty[row.duty], narrow: true },
          {
            label: a.state,
            cell: (row) => <Mark on={row.active} yes={a.cleaners.active} no={a.cleaners.inactive} />,
            narrow: true,
          },
        ]}
      />
      {open.id === 'new' && read.kind === 'ready' && (
        <CleanerForm cleaner={null} zones={zones} skills={skills} onDone={done} />
      )}
      {cleaner !== null && read.kind === 'ready' && (
        <CleanerForm key={cleaner.id} cleaner={cleaner} zones={zones} skills={skills} onDone={done} />
      )}
    </Page>
  );
}

interface Draft {
  readonly name: string;
  readonly phone: string;
  readonly email: string;
  readonly zones: readonly string[];
  readonly skills: readonly string[];
  readonly active: boolean;
}

function draftOf(cleaner: CleanerEntry | null, zones: readonly Zone[]): Draft {
  if (cleaner === null) {
    const only = zones.length === 1 ? zones.map(({ slug }) => slug) : [];
    return { name: '', phone: '', email: '', zones: only, skills: [], active: true };
  }
  return {
    name: cleaner.name,
    phone: cleaner.phone ?? '',
    email: '',
    zones: [...cleaner.zones].sort(),
    skills: [...cleaner.skills].sort(),
    active: cleaner.active,
  };
}

const FIELDS = ['name', 'phone', 'email', 'zones', 'skills'];

interface FormProps {
  readonly cleaner: CleanerEntry | null;
  readonly zones: readonly Zone[];
  readonly skills: readonly string[];
  readonly onDone: (changed: boolean) => void;
}

function CleanerForm({ cleaner: opened, zones, skills, onDone }: FormProps) {
  const { a } = useAdminTexts();
  const { rest, session } = useServices();
  const [cleaner, setCleaner] = useState(opened);
  const [draft, setDraft] = useState(() => draftOf(opened, zones));
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const saver = useSaver({
    kind: 'admin.cleaner_save',
    taken: 'email',
    parameters: ({ version }) => ({
      name: draft.name,
      zones: [...draft.zones],
      skills: [...draft.skills],
      active: draft.active,
      ...(draft.phone === '' && cleaner === null ? {} : { phone: draft.phone }),
      ...(draft.email === '' ? {} : { email: draft.email }),
      ...(cleaner === null ? {} : { cleaner: cleaner.id, expected_version: version ?? cleaner.version }),
    }),
    onSaved: () => onDone(true),
  });
  const readAnew = async () => {
    const agenda = await readAs<{ data: Body }>(rest, session, `/api/v1/channels/agenda:${cleaner?.id}`);
    const row = agenda.data.set.find((each) => each.kind === 'cleaner' && each.id === cleaner?.id);
    return row?.kind === 'cleaner' ? row : null;
  };
  return (
    <Drawer
      title={cleaner === null ? a.cleaners.add : cleaner.name}
      dirty={JSON.stringify(draft) !== JSON.stringify(draftOf(cleaner, zones))}
      busy={saver.busy}
      submit={cleaner === null ? a.create : a.save}
      onSubmit={() => void saver.save()}
      onClose={() => onDone(false)}
      extra={
        cleaner !== null && <Link href={`/admin/shifts?cleaner=${cleaner.id}`}>{a.cleaners.shifts}</Link>
      }
    >
      <Row>
        <Field
          label={a.personName}
          value={draft.name}
          autoComplete="off"
          onChange={(name) => change({ name })}
          fault={saver.faultOf('name')}
        />
        <Field
          label={a.phone}
          type="tel"
          autoComplete="off"
          value={draft.phone}
          onChange={(phone) => change({ phone })}
          fault={saver.faultOf('phone')}
        />
      </Row>
      <Field
        label={a.users.email}
        type="email"
        autoComplete="off"
        value={draft.email}
        hint={cleaner === null ? a.cleaners.emailHint : a.cleaners.emailStays}
        onChange={(email) => change({ email })}
        fault={saver.faultOf('email')}
      />
      <Ticks
        label={a.zonesOf}
        options={zones.map(({ slug, name }) => ({ value: slug, label: name }))}
        chosen={draft.zones}
        onChange={(chosen) => change({ zones: [...chosen].sort() })}
        fault={saver.faultOf('zones')}
        empty={a.zones.none}
      />
      <Ticks
        label={a.skills}
        options={skills.map((skill) => ({ value: skill, label: skill }))}
        chosen={draft.skills}
        onChange={(chosen) => change({ skills: [...chosen].sort() })}
        fault={saver.faultOf('skills')}
        empty={a.cleaners.noSkills}
      />
      <Switch
        label={a.cleaners.active}
        hint={a.cleaners.activeHint}
        checked={draft.active}
        onChange={(active) => change({ active })}
      />
      <SaveTrouble
        saver={saver}
        fields={FIELDS}
        before={cleaner}
        readAnew={readAnew}
        takeTheirs={(theirs) => {
          setCleaner(theirs);
          setDraft(draftOf(theirs, zones));
          saver.calm();
        }}
      />
    </Drawer>
  );
}
