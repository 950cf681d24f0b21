/** What a language has to say: the shape of `en`, which parts it has, and which of them a page needs. */
import type { en } from './en';
import type * as core from './en/core';

/** The shape of `en` with its literals widened. */
export type Catalog = Widen<typeof en>;
type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widen<T[K]> };

export type Language = 'en' | 'ru';

/** A part of the catalog that not every page needs; what all need is `core`. */
export type Part = Exclude<keyof Catalog, keyof typeof core>;

/** What the pages below a path say besides `core`. Checked against their sources by catalog.test.ts. */
const SAID_BELOW: readonly (readonly [path: string, ...parts: Part[]])[] = [
  // Signing in is a part of the installed app.
  ['/work', 'work', 'signIn'],
  ['/control', 'control', 'room', 'timeline', 'work', 'signIn'],
  ['/admin', 'admin', 'signIn'],
  ['/sign-in', 'signIn'],
];

export function partsOfPath(path: string): readonly Part[] {
  const found = SAID_BELOW.find(([base]) => path === base || path.startsWith(`${base}/`));
  if (found === undefined) return ['customer'];
  const [, ...parts] = found;
  return parts;
}
