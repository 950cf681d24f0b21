/** What differs between two values of a row, by the path to it. Lists of plain values are told as what
 * came and what went; everything else as before and after. */

export type Change =
  | { readonly kind: 'changed'; readonly path: string; readonly before: unknown; readonly after: unknown }
  | {
      readonly kind: 'list';
      readonly path: string;
      readonly gone: readonly unknown[];
      readonly came: readonly unknown[];
    };

/** A version changes with everything else and says nothing. */
const UNTOLD = new Set(['version']);

export function difference(before: unknown, after: unknown, path = ''): readonly Change[] {
  if (same(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names
      .filter((name) => !UNTOLD.has(name))
      .flatMap((name) => difference(before[name], after[name], path === '' ? name : `${path}.${name}`));
  }
  if (isPlainList(before) && isPlainList(after)) {
    const gone = before.filter((value) => !after.includes(value));
    const came = after.filter((value) => !before.includes(value));
    if (gone.length + came.length > 0) return [{ kind: 'list', path, gone, came }];
  }
  return [{ kind: 'changed', path, before, after }];
}

function same(one: unknown, other: unknown): boolean {
  return (one ?? null) === (other ?? null) || JSON.stringify(one) === JSON.stringify(other);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlainList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object');
}

interface Fact {
  readonly kind: string;
  readonly command_id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a command made of a row: its facts among those of the row, held against the last of their kind. */
export function madeBy(commandId: string, facts: readonly Fact[]): readonly Change[] {
  return facts.flatMap((fact, place) => {
    if (fact.command_id !== commandId) return [];
    const before = facts.slice(0, place).findLast((earlier) => earlier.kind === fact.kind);
    return difference(before === undefined ? {} : inner(before.body), inner(fact.body));
  });
}

/** A fact that holds a whole row is about that row. */
function inner(body: Readonly<Record<string, unknown>>): unknown {
  const values = Object.values(body);
  return values.length === 1 && isRecord(values[0]) ? values[0] : body;
}

/** Parameters that name a row, by what the row is called in the event log; the more particular first. */
const NAMED: readonly (readonly [parameter: string, aggregate: string])[] = [
  ['shift', 'shift'],
  ['template', 'template'],
  ['hold', 'hold'],
  ['booking', 'booking'],
  ['job', 'job'],
  ['alert', 'alert'],
  ['account', 'account'],
  ['cleaner', 'cleaner'],
  ['customer', 'customer'],
  ['property', 'property'],
];

/** The row that a command was about, as the event log is asked for it; `null` where none was named. */
export function aboutOf(kind: string, parameters: Readonly<Record<string, unknown>>): string | null {
  const slug = parameters.slug;
  if (kind === 'admin.zone_save') return `zone:${String(slug)}`;
  if (kind === 'admin.service_save') return `service:${String(slug)}`;
  for (const [parameter, aggregate] of NAMED) {
    const id = parameters[parameter];
    if (typeof id === 'string') return `${aggregate}:${id}`;
  }
  return null;
}
