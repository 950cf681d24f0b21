/**
 * What a channel's view is and how bodies change it. Pure: a body never changes a view in place, and
 * rows that a body does not mention keep their identity, so that the screen can compare by reference.
 * A snapshot is the body that, applied to nothing, gives the view: both go through the same functions.
 */
import type { AnyBody, Body, LiveBody, PresenceRow, Row, RowKind, RowOf, SlotsBody } from '../wire';

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

/** The newest of the states of a zone; one that is only said again keeps its identity. */
export function applyPresence(known: PresenceRow | null, body: LiveBody): PresenceRow | null {
  return body.set.reduce<PresenceRow | null>(
    (newest, row) =>
      row.kind === 'presence' && (newest === null || row.version > newest.version) ? row : newest,
    known,
  );
}

/** What a channel holds; which of these is told by its name. */
export type Content =
  | { readonly kind: 'rows'; readonly rows: Rows }
  | { readonly kind: 'slots'; readonly slots: Slots }
  | { readonly kind: 'presence'; readonly row: PresenceRow | null };

export function emptyContent(channel: string): Content {
  if (channel.startsWith('slots:')) return { kind: 'slots', slots: NO_SLOTS };
  if (channel.startsWith('presence:')) return { kind: 'presence', row: null };
  return { kind: 'rows', rows: NO_ROWS };
}

/** Applies one body, of a snapshot or a publication. */
export function applyTo(content: Content, body: AnyBody): Content {
  switch (content.kind) {
    case 'rows':
      return { kind: 'rows', rows: applyBody(content.rows, body as Body) };
    case 'slots':
      return { kind: 'slots', slots: applySlots(content.slots, body as SlotsBody) };
    case 'presence': {
      const row = applyPresence(content.row, body as LiveBody);
      return row === content.row ? content : { kind: 'presence', row };
    }
    default:
      return content satisfies never;
  }
}
