/** What stands around the timeline, as far as several parts of it must know: which side of the chosen job
 * is shown, how the room is laid out, what is open over it, and whether its keys are on. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { deviceStorage } from '../../state/deviceStorage';

export const JOB_TABS = ['job', 'cleaners', 'customer', 'history'] as const;
export type JobTab = (typeof JOB_TABS)[number];

/** 1: queue, timeline, side. 2: the timeline has the side's place too. 3: the map has the timeline's. */
export type Layout = 1 | 2 | 3;

/** What lies over the room. */
export type Overlay = 'palette' | 'filter' | 'side';

export interface Surround {
  readonly tab: JobTab;
  readonly setTab: (tab: JobTab) => void;
  readonly layout: Layout;
  readonly setLayout: (layout: Layout) => void;
  readonly overlay: Overlay | null;
  readonly open: (overlay: Overlay | null) => void;
  readonly keysOn: boolean;
  readonly setKeysOn: (on: boolean) => void;
}

const KEYS_OFF = 'dispatch-hub.keys-off';
const LAYOUT = 'dispatch-hub.layout';

const Context = createContext<Surround>({
  tab: 'job',
  setTab: () => undefined,
  layout: 1,
  setLayout: () => undefined,
  overlay: null,
  open: () => undefined,
  keysOn: true,
  setKeysOn: () => undefined,
});

function keptLayout(): Layout {
  const kept = Number(deviceStorage.getItem(LAYOUT));
  return kept === 2 || kept === 3 ? kept : 1;
}

export function SurroundProvider({ children }: { children: ReactNode }) {
  const [tab, setTab] = useState<JobTab>('job');
  const [layout, showLayout] = useState<Layout>(keptLayout);
  const [overlay, open] = useState<Overlay | null>(null);
  const [keysOn, turnKeys] = useState(() => deviceStorage.getItem(KEYS_OFF) === null);
  const setLayout = useCallback((next: Layout) => {
    deviceStorage.setItem(LAYOUT, String(next));
    showLayout(next);
  }, []);
  const setKeysOn = useCallback((on: boolean) => {
    if (on) deviceStorage.removeItem(KEYS_OFF);
    else deviceStorage.setItem(KEYS_OFF, '1');
    turnKeys(on);
  }, []);
  const value = useMemo<Surround>(
    () => ({ tab, setTab, layout, setLayout, overlay, open, keysOn, setKeysOn }),
    [tab, layout, setLayout, overlay, keysOn, setKeysOn],
  );
  return <Context value={value}>{children}</Context>;
}

export function useSurround(): Surround {
  return useContext(Context);
}
