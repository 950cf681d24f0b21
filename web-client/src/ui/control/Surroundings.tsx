/** What lies over the room or runs beside it, whatever the timeline shows. */
import type { ControlRoom } from './useControlRoom';
import { useWantedJob } from './useWantedJob';

export function Surroundings({ room }: { room: ControlRoom }) {
  useWantedJob(room);
  return null;
}
