/**
 * What a channel's view is and how bodies change it. Pure: a body never changes a view in place, and
 * rows that a body does not mention keep their identity, so that the screen can compare by reference.
 * A snapshot is the body that, applied to nothing, gives the view: both go through the same functions.
 */
import type { AnyBody, Body, LiveBody, LiveRow, PresenceRow, Row, RowKind, RowOf, SlotsBody } from '../wire';

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

/** Who wrote a row, known by the row itself: it lives as long as that one is shown. */
const AUTHORS = new WeakMap<object, string>();

/** Who made the row what it is; `null` where that came with a snapshot or is not told on its channel. */
export function authorOf(row: object): string | null {
  return AUTHORS.get(row) ?? null;
}

/** Applies `set` and `unset`; a row in `set` replaces the one of the same kind and id. */
export function applyBody(rows: Rows, body: Body): Rows {
  return applyBodies(rows, [body]);
}

/** The same for several, in order. */
export function applyBodies(rows: Rows, bodies: readonly Body[]): Rows {
  const touched = new Map<RowKind, Map<string, Row>>();
  const writable = (kind: RowKind) => {
    const known = touched.get(kind);
    if (known !== undefined) return known;
    const copy = new Map<string, Row>(rows[kind]);
    touched.set(kind, copy);
    return copy;
  };
  for (const { unset, set, by } of bodies) {
    for (const key of unset) writable(key.kind).delete(key.id);
    for (const row of set) {
      writable(row.kind).set(row.id, row);
      if (by !== undefined) AUTHORS.set(row, by);
    }
  }
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

/** Rows of a channel without a log: the newest of each wins, and what is unset has gone. */
export type LiveRows = ReadonlyMap<string, LiveRow>;

export const NO_LIVE_ROWS: LiveRows = new Map();

export function applyLive(rows: LiveRows, body: LiveBody): LiveRows {
  const next = new Map(rows);
  for (const key of body.unset) next.delete(key.id);
  for (const row of body.set) {
    if ((next.get(row.id)?.version ?? -1) < row.version) next.set(row.id, row);
  }
  return next;
}

/** What a channel holds; which of these is told by its name. */
export type Content =
  | { readonly kind: 'rows'; readonly rows: Rows }
  | { readonly kind: 'slots'; readonly slots: Slots }
  | { readonly kind: 'presence'; readonly row: PresenceRow | null }
  | { readonly kind: 'live'; readonly rows: LiveRows };

export function emptyContent(channel: string): Content {
  if (channel.startsWith('slots:')) return { kind: 'slots', slots: NO_SLOTS };
  if (channel.startsWith('presence:')) return { kind: 'presence', row: null };
  if (channel === 'ops' || /^(positions|track):/.test(channel)) return { kind: 'live', rows: NO_LIVE_ROWS };
  return { kind: 'rows', rows: NO_ROWS };
}

/** Applies bodies, of a snapshot or of publications, in order. */
export function applyTo(content: Content, bodies: readonly AnyBody[]): Content {
  switch (content.kind) {
    case 'rows':
      return { kind: 'rows', rows: applyBodies(content.rows, bodies as readonly Body[]) };
    case 'slots':
      return { kind: 'slots', slots: (bodies as readonly SlotsBody[]).reduce(applySlots, content.slots) };
    case 'presence': {
      const row = (bodies as readonly LiveBody[]).reduce(applyPresence, content.row);
      return row === content.row ? content : { kind: 'presence', row };
    }
    case 'live':
      return { kind: 'live', rows: (bodies as readonly LiveBody[]).reduce(applyLive, content.rows) };
    default:
      return content satisfies never;
  }
}
