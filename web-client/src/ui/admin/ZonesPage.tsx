/** Where the company works. */

import { areaKm2, fromRing } from '../../state/admin/polygon';
import { useAnswer } from '../../state/admin/reading';
import { clockText } from '../../state/admin/week';
import type { Zone } from '../../wire';
import { Button } from '../parts/Button';
import { Page, Table } from './ListPage';
import { useAdminTexts } from './texts';
import { useOpenRow } from './useOpenRow';
import { ZoneForm } from './ZoneForm';

export function ZonesPage() {
  const { a, format } = useAdminTexts();
  const read = useAnswer('catalogue.read', {});
  const open = useOpenRow();
  const zones = read.kind === 'ready' ? read.value.zones : [];
  const zone = zones.find(({ slug }) => slug === open.id) ?? null;
  const add = { label: a.zones.add, onClick: () => open.show('new') };
  return (
    <Page title={a.nav.zones} lead={a.zones.lead} add={add}>
      <Table<Zone>
        label={a.nav.zones}
        list={listed(read, zones)}
        keyOf={(row) => row.slug}
        nameOf={(row) => row.name}
        onOpen={(row) => open.show(row.slug)}
        empty={{
          title: a.zones.none,
          hint: a.zones.noneHint,
          action: <Button onClick={add.onClick}>{a.zones.add}</Button>,
        }}
        columns={[
          { label: a.name, cell: () => null },
          { label: a.slug, cell: (row) => <code>{row.slug}</code>, narrow: true },
          { label: a.zones.timeZone, cell: (row) => row.time_zone, narrow: true },
          { label: a.zones.hours, cell: (row) => <Hours zone={row} /> },
          {
            label: a.zones.area,
            cell: (row) => a.km2(format.decimal(areaKm2(fromRing(row.polygon)))),
            narrow: true,
          },
        ]}
      />
      {open.id === 'new' && read.kind === 'ready' && (
        <ZoneForm zone={null} others={zones} onDone={open.saved(read.reload)} />
      )}
      {zone !== null && (
        <ZoneForm
          key={zone.slug}
          zone={zone}
          others={zones.filter((other) => other !== zone)}
          onDone={open.saved(read.reload)}
        />
      )}
    </Page>
  );
}

/** An answer whose rows are all there at once, as a table takes it. */
export function listed<Row>(
  read: {
    readonly kind: 'loading' | 'ready' | 'failed';
    readonly code?: string;
    readonly reload: () => unknown;
  },
  rows: readonly Row[],
) {
  return { kind: read.kind, rows, next: null, code: read.code ?? '', reload: read.reload };
}

/** `Mon–Fri 08:00–20:00, Sat 09:00–16:00` */
function Hours({ zone }: { zone: Zone }) {
  const { a, format } = useAdminTexts();
  const names = dayNames(format.weekday);
  const texts = zone.opening_hours.map((hours) =>
    hours === null ? '' : `${clockText(hours.opens)}–${clockText(hours.closes)}`,
  );
  const runs: { from: number; to: number; text: string }[] = [];
  texts.forEach((text, day) => {
    const last = runs.at(-1);
    if (last !== undefined && last.text === text) last.to = day;
    else runs.push({ from: day, to: day, text });
  });
  const open = runs.filter(({ text }) => text !== '');
  if (open.length === 0) return <span>{a.zones.closed}</span>;
  return (
    <span>
      {open
        .map(({ from, to, text }) => `${names[from]}${to > from ? `–${names[to]}` : ''} ${text}`)
        .join(', ')}
    </span>
  );
}

/** Monday first. */
export function dayNames(weekday: (date: string) => string): readonly string[] {
  // The fifth of January 2026 was a Monday.
  return Array.from({ length: 7 }, (_, day) => weekday(`2026-01-${String(5 + day).padStart(2, '0')}`));
}
