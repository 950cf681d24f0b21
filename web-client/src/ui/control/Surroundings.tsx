/** What lies over the room or runs beside it, whatever the timeline shows: the palette with its commands,
 * and the keys that are not the timeline's. */
import { lazy, Suspense } from 'react';
import type { Zone } from '../../wire';
import type { ControlRoom } from './useControlRoom';
import { useSurround } from './useSurround';
import { useSurroundCommands } from './useSurroundCommands';
import { useSurroundKeys } from './useSurroundKeys';
import { useWantedJob } from './useWantedJob';

const Palette = lazy(() => import('./palette/Palette').then((module) => ({ default: module.Palette })));

export interface SurroundingsProps {
  readonly room: ControlRoom;
  readonly zones: readonly Zone[];
  readonly today: string;
  readonly goTo: (date: string) => void;
  readonly onHelp: () => void;
}

export function Surroundings(props: SurroundingsProps) {
  const { room, zones, today, goTo } = props;
  const { overlay, open } = useSurround();
  const commands = useSurroundCommands(props);
  useWantedJob(room);
  useSurroundKeys(commands);
  if (overlay !== 'palette') return null;
  return (
    <Suspense>
      <Palette
        room={room}
        zones={zones}
        today={today}
        commands={commands}
        goTo={goTo}
        onClose={() => open(null)}
      />
    </Suspense>
  );
}
