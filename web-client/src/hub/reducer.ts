/**
 * What a channel's view is and how bodies change it. Pure: a body never changes a view in place, and
 * rows that a body does not mention keep their identity, so that the screen can compare by reference.
 * A snapshot is the body that, applied to nothing, gives the view: both go through the same functions.
 */
import type { Body, Row, RowKind, RowOf, SlotsBody } from '../wire';

/** Rows by kind and id. */
export type Rows = { readonly [K in RowKind]: ReadonlyMap<string, RowOf<K>> };

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

export const NO_ROWS: Rows = {
  customer: NONE,
  property: NONE,
  hold: NONE,
  booking: NONE,
  visit: NONE,
  cleaner: NONE,
  shift: NONE,
  shift_template: NONE,
  time_off: NONE,
  agenda_job: NONE,
  open_job: NONE,
  job: NONE,
  alert: NONE,
};

/** Applies `set` and `unset`; a row in `set` replaces the one of the same kind and id. */
export function applyBody(rows: Rows, body: Body): Rows {
  const touched = new Map<RowKind, Map<string, Row>>();
  const writable = (kind: RowKind) => {
    const known = touched.get(kind);
    if (known !== undefined) return known;
    const copy = new Map<string, Row>(rows[kind]);
    touched.set(kind, copy);
    return copy;
  };
  for (const key of body.unset) writable(key.kind).delete(key.id);
  for (const row of body.set) writable(row.kind).set(row.id, row);
  return { ...rows, ...Object.fromEntries(touched) };
}

/** Free cleaners by service, then by start in milliseconds of the epoch. */
export type Slots = ReadonlyMap<string, ReadonlyMap<number, number>>;

export const NO_SLOTS: Slots = new Map();

/** Adds differences up; a start that comes down to nothing is forgotten. */
export function applySlots(slots: Slots, body: SlotsBody): Slots {
  const next = new Map<string, Map<number, number>>();
  for (const change of body.free) {
    let starts = next.get(change.service);
    if (starts === undefined) {
      starts = new Map(slots.get(change.service));
      next.set(change.service, starts);
    }
    const start = Date.parse(change.start);
    const free = (starts.get(start) ?? 0) + change.by;
    if (free === 0) starts.delete(start);
    else starts.set(start, free);
  }
  return next.size === 0 ? slots : new Map([...slots, ...next]);
}

/** What a channel holds; which of the two is told by its name. */
export type Content =
  | { readonly kind: 'rows'; readonly rows: Rows }
  | { readonly kind: 'slots'; readonly slots: Slots };

export function emptyContent(channel: string): Content {
  return channel.startsWith('slots:') ? { kind: 'slots', slots: NO_SLOTS } : { kind: 'rows', rows: NO_ROWS };
}

/** Applies one body, of a snapshot or a publication. */
export function applyTo(content: Content, body: Body | SlotsBody): Content {
  switch (content.kind) {
    case 'rows':
      return { kind: 'rows', rows: applyBody(content.rows, body as Body) };
    case 'slots':
      return { kind: 'slots', slots: applySlots(content.slots, body as SlotsBody) };
    default:
      return content satisfies never;
  }
}
