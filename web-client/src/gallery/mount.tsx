/** Shows one entry of the gallery in an element, as its frame does and its test. */
import { StrictMode } from 'react';
import { createRoot, type RootOptions } from 'react-dom/client';
import type { Said } from '../ui/i18n/load';
import { PartStage } from './PartStage';
import { todayAt } from './preset';
import type { Entry } from './registry';
import { found, putOnStage } from './stage';

export interface Mounted {
  /** Done when the entry shows what it is there for; fails where it never does. */
  readonly shown: Promise<void>;
  readonly close: () => void;
}

export async function mount(
  entry: Entry,
  said: Said,
  element: HTMLElement,
  options: RootOptions = {},
): Promise<Mounted> {
  const root = createRoot(element, options);
  if (entry.kind === 'part') {
    root.render(
      <PartStage said={said}>
        <entry.Shown />
      </PartStage>,
    );
    let ended = false;
    const shown = found(entry.shows, () => ended).then(() => undefined);
    return {
      shown,
      close: () => {
        ended = true;
        root.unmount();
      },
    };
  }
  const preset = entry.preset(todayAt(Date.now()));
  history.replaceState(null, '', preset.path);
  const { page, play, close } = await putOnStage(preset, said);
  root.render(<StrictMode>{page}</StrictMode>);
  return {
    shown: play(),
    close: () => {
      root.unmount();
      close();
    },
  };
}
