/** The server's time as a value that ticks: every second for countdowns, slower for the rest. */
import { useCallback, useRef, useSyncExternalStore } from 'react';
import { useServices } from './services';

/** Server time in milliseconds, rounded down to a multiple of `everyMs`. */
export function useNow(everyMs: number): number {
  const { clock } = useServices();
  const shown = useRef(floor(clock.now(), everyMs));
  const subscribe = useCallback(
    (listener: () => void) => {
      let timer: ReturnType<typeof setTimeout>;
      const tick = () => {
        const next = floor(clock.now(), everyMs);
        if (next !== shown.current) {
          shown.current = next;
          listener();
        }
        timer = setTimeout(tick, Math.max(20, everyMs - (clock.now() % everyMs)));
      };
      tick();
      return () => clearTimeout(timer);
    },
    [clock, everyMs],
  );
  return useSyncExternalStore(subscribe, () => shown.current);
}

function floor(at: number, step: number): number {
  return Math.floor(at / step) * step;
}
