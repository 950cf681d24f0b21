/** Everything that the gallery shows. The page and the test that keeps it true read the same list. */
import type { ComponentType } from 'react';
import { OF_SCREENS } from './parts/ofScreens';
import type { Part } from './parts/part';
import { SHARED } from './parts/shared';
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
  readonly framed: boolean;
  readonly shows: string;
}

export type Entry = ScreenEntry | PartEntry;

const SCREENS: Readonly<Record<string, Presets>> = {
  'control room': CONTROL,
  'cleaner’s app': WORK,
  'customer’s part': CUSTOMER,
  administration: ADMIN,
  'sign-in': SIGN_IN,
};

/** Beside the place for toasts, which every page has. */
const ANYTHING = 'body > div > :not([role=status][aria-live])';

const PARTS: Readonly<Record<string, Readonly<Record<string, Part>>>> = {
  'shared parts': SHARED,
  'parts of screens': OF_SCREENS,
};

export const ENTRIES: readonly Entry[] = [
  ...Object.entries(PARTS).flatMap(([screen, parts]) =>
    Object.entries(parts).map(
      ([state, { Shown, framed = false, shows = ANYTHING }]): Entry => ({
        kind: 'part',
        screen,
        state,
        Shown,
        framed,
        shows,
      }),
    ),
  ),
  ...Object.entries(SCREENS).flatMap(([screen, presets]) =>
    Object.entries(presets).map(([state, preset]): Entry => ({ kind: 'screen', screen, state, preset })),
  ),
];

export function entryOf(screen: string | null, state: string | null): Entry | null {
  return ENTRIES.find((entry) => entry.screen === screen && entry.state === state) ?? null;
}

export const BOTH: readonly Size[] = ['phone', 'desk'];

export function sizesOf(entry: Entry, today: Today): readonly Size[] {
  return entry.kind === 'screen' ? (entry.preset(today).sizes ?? BOTH) : ['phone'];
}
