/** When people work: shifts of a range of days, and the weekly templates that they are made from. */
import { daysRange, isDate } from '../../state/admin/moments';
import { useAnswer, useRowsOf } from '../../state/admin/reading';
import { useNow } from '../../state/now';
import { addDays, localDate } from '../../state/zoned';
import type { ShiftEntry, Zone } from '../../wire';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { setSearch, useSearch } from '../router';
import { Filter, FilterText, Page, Table } from './ListPage';
import { ShiftForm } from './ShiftForm';
import css from './ShiftsPage.module.css';
import { TemplatesList } from './TemplatesList';
import { useAdminTexts } from './texts';
import { useOpenRow } from './useOpenRow';

const DAYS = 7;
const HOUR_MS = 3_600_000;

export function ShiftsPage() {
  const { a, t } = useAdminTexts();
  const read = useAnswer('catalogue.read', {});
  switch (read.kind) {
    case 'loading':
      return <Skeleton rows={6} height={48} gap={4} />;
    case 'failed':
      return (
        <Page title={a.nav.shifts}>
          <Failure title={t.common.unreachable} code={read.code} onRetry={() => void read.reload()} />
        </Page>
      );
    case 'ready':
      return <Shifts zones={read.value.zones} />;
    default:
      return read satisfies never;
  }
}

function Shifts({ zones }: { zones: readonly Zone[] }) {
  const { a } = useAdminTexts();
  const search = useSearch();
  const open = useOpenRow();
  const weekly = search.get('view') === 'templates';
  const here = zones.find(({ slug }) => slug === search.get('zone')) ?? zones[0];
  const days = useDays(here?.time_zone ?? 'UTC');
  const tab = (to: string | null, label: string) => (
    <button
      type="button"
      aria-pressed={weekly === (to !== null)}
      className={cx(weekly === (to !== null) && css.here)}
      onClick={() => setSearch({ view: to, edit: null })}
    >
      {label}
    </button>
  );
  return (
    <Page
      title={a.nav.shifts}
      lead={weekly ? a.shifts.templatesLead : a.shifts.lead}
      add={{
        label: weekly ? a.shifts.addTemplate : a.shifts.add,
        onClick: () => open.show('new'),
      }}
      extra={
        <div className={css.tabs}>
          {tab(null, a.shifts.shifts)}
          {tab('templates', a.shifts.templates)}
        </div>
      }
      filters={
        <>
          <Filter
            name="zone"
            label={a.zone}
            all={a.all}
            options={zones.map(({ slug, name }) => ({ value: slug, label: name }))}
          />
          {!weekly && <FilterText name="from" label={a.from} type="date" usual={days.from} />}
          {!weekly && <FilterText name="until" label={a.until} type="date" usual={days.until} />}
          {search.get('cleaner') !== null && (
            <Button onClick={() => setSearch({ cleaner: null })}>{a.shifts.everybody}</Button>
          )}
        </>
      }
    >
      {weekly ? <TemplatesList zones={zones} /> : <ShiftList zones={zones} />}
    </Page>
  );
}

/** The days in the address, or the coming week. */
export function useDays(timeZone: string): { readonly from: string; readonly until: string } {
  const search = useSearch();
  const now = useNow(HOUR_MS);
  const [from, until] = [search.get('from') ?? '', search.get('until') ?? ''];
  const first = isDate(from) ? from : localDate(now, timeZone);
  const last = isDate(until) && until >= first ? until : addDays(first, DAYS - 1);
  // As much as the server looks through at once.
  const most = addDays(first, 90);
  return { from: first, until: last < most ? last : most };
}

function ShiftList({ zones }: { zones: readonly Zone[] }) {
  const { a, format } = useAdminTexts();
  const search = useSearch();
  const open = useOpenRow();
  const [zone, cleaner] = [search.get('zone'), search.get('cleaner')];
  const clock = (slug: string | null) => zones.find((each) => each.slug === slug)?.time_zone ?? 'UTC';
  const days = useDays(clock(zone ?? zones[0]?.slug ?? null));
  const list = useRowsOf(
    'shifts.list',
    {
      ...daysRange(days.from, days.until, clock(zone ?? zones[0]?.slug ?? null)),
      ...(zone === null ? {} : { zone }),
      ...(cleaner === null ? {} : { cleaner }),
    },
    (page) => page.shifts,
  );
  const shift = list.rows.find(({ id }) => id === open.id) ?? null;
  const done = open.saved(list.reload);
  const nameOf = (slug: string) => zones.find((each) => each.slug === slug)?.name ?? slug;
  return (
    <>
      <Table<ShiftEntry>
        label={a.nav.shifts}
        list={list}
        keyOf={(row) => row.id}
        nameOf={(row) => row.cleaner_name}
        onOpen={(row) => open.show(row.id)}
        empty={{
          title: a.shifts.none(format.day(days.from), format.day(days.until)),
          hint: a.shifts.noneHint,
          action: <Button onClick={() => open.show('new')}>{a.shifts.add}</Button>,
        }}
        columns={[
          { label: a.cleaner, cell: () => null },
          { label: a.date, cell: (row) => format.day(row.local_date), narrow: true },
          {
            label: a.time,
            cell: (row) => format.range(row.starts_at, row.ends_at, clock(row.zone)),
            narrow: true,
          },
          { label: a.zone, cell: (row) => nameOf(row.zone) },
          {
            label: a.shifts.made,
            cell: (row) => (row.template === null ? a.shifts.byHand : a.shifts.byTemplate),
            narrow: true,
          },
        ]}
      />
      {open.id === 'new' && <ShiftForm shift={null} zones={zones} onDone={done} />}
      {shift !== null && <ShiftForm key={shift.id} shift={shift} zones={zones} onDone={done} />}
    </>
  );
}
