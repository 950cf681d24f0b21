/** Everything that the gallery shows. The page and the test that keeps it true read the same list. */
import type { ComponentType } from 'react';
import type { Preset, Presets, Size, Today } from './preset';
import { ADMIN, SIGN_IN } from './screens/admin';
import { CONTROL } from './screens/control';
import { CUSTOMER } from './screens/customer';
import { WORK } from './screens/work';

export interface ScreenEntry {
  readonly kind: 'screen';
  readonly screen: string;
  readonly state: string;
  readonly preset: (today: Today) => Preset;
}

export interface PartEntry {
  readonly kind: 'part';
  readonly screen: string;
  readonly state: string;
  readonly Shown: ComponentType;
  /** Covers its page, or is of another width there: shown in a frame of its own. */
  readonly framed: boolean;
}

export type Entry = ScreenEntry | PartEntry;

const SCREENS: Readonly<Record<string, Presets>> = {
  'control room': CONTROL,
  'cleaner’s app': WORK,
  'customer’s part': CUSTOMER,
  administration: ADMIN,
  'sign-in': SIGN_IN,
};

export const ENTRIES: readonly Entry[] = Object.entries(SCREENS).flatMap(([screen, presets]) =>
  Object.entries(presets).map(([state, preset]): Entry => ({ kind: 'screen', screen, state, preset })),
);

export function entryOf(screen: string | null, state: string | null): Entry | null {
  return ENTRIES.find((entry) => entry.screen === screen && entry.state === state) ?? null;
}

export const BOTH: readonly Size[] = ['phone', 'desk'];

export function sizesOf(entry: Entry, today: Today): readonly Size[] {
  return entry.kind === 'screen' ? (entry.preset(today).sizes ?? BOTH) : ['phone'];
}
