/** Weekly templates, with what is different on single dates. */
import { useRowsOf } from '../../state/admin/reading';
import { hoursText } from '../../state/admin/week';
import type { TemplateEntry, Zone } from '../../wire';
import { Button } from '../parts/Button';
import { useSearch } from '../router';
import { Table } from './ListPage';
import { TemplateForm } from './TemplateForm';
import { useAdminTexts } from './texts';
import { useOpenRow } from './useOpenRow';
import { dayNames } from './ZonesPage';

export function TemplatesList({ zones }: { zones: readonly Zone[] }) {
  const { a, format } = useAdminTexts();
  const search = useSearch();
  const open = useOpenRow();
  const [zone, cleaner] = [search.get('zone'), search.get('cleaner')];
  const list = useRowsOf(
    'templates.list',
    { ...(zone === null ? {} : { zone }), ...(cleaner === null ? {} : { cleaner }) },
    (page) => page.templates,
  );
  const template = list.rows.find(({ id }) => id === open.id) ?? null;
  const done = open.saved(list.reload);
  const names = dayNames(format.weekday);
  const weekText = (row: TemplateEntry) =>
    row.week
      .map((hours, day) => (hours.length === 0 ? '' : `${names[day]} ${hoursText(hours)}`))
      .filter((text) => text !== '')
      .join(', ');
  return (
    <>
      <Table<TemplateEntry>
        label={a.shifts.templates}
        list={list}
        keyOf={(row) => row.id}
        nameOf={(row) => row.cleaner_name}
        onOpen={(row) => open.show(row.id)}
        empty={{
          title: a.shifts.noTemplates,
          hint: a.shifts.templatesLead,
          action: <Button onClick={() => open.show('new')}>{a.shifts.addTemplate}</Button>,
        }}
        columns={[
          { label: a.cleaner, cell: () => null },
          { label: a.zone, cell: (row) => zones.find(({ slug }) => slug === row.zone)?.name ?? row.zone },
          { label: a.shifts.week, cell: weekText },
          {
            label: a.shifts.valid,
            cell: (row) =>
              row.valid_until === null
                ? a.shifts.since(format.day(row.valid_from))
                : `${format.day(row.valid_from)} – ${format.day(row.valid_until)}`,
          },
          { label: a.shifts.exceptions, cell: (row) => Object.keys(row.exceptions).length, narrow: true },
        ]}
      />
      {open.id === 'new' && <TemplateForm template={null} zones={zones} onDone={done} />}
      {template !== null && (
        <TemplateForm
          key={`${template.id} ${template.version}`}
          template={template}
          zones={zones}
          onDone={done}
          reload={list.reload}
        />
      )}
    </>
  );
}
