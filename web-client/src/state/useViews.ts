/** Several channels at once, as one value that changes when any of them does. */
import { useCallback, useMemo, useRef, useSyncExternalStore } from 'react';
import type { ViewState } from '../hub/view';
import { cancelFrame, onNextFrame } from './frame';
import { useServices } from './services';

/** The states of the channels, `null` for one that is not open yet. */
export function useViews(channels: readonly string[]): readonly (ViewState | null)[] {
  const { hub } = useServices();
  const joined = channels.join(' ');
  const names = useMemo(() => (joined === '' ? [] : joined.split(' ')), [joined]);
  const shown = useRef<readonly (ViewState | null)[]>([]);
  const subscribe = useCallback(
    (listener: () => void) => {
      const watches = names.map((name) => {
        const { view, release } = hub.watch(name);
        const stop = view.state.subscribe(() => onNextFrame(listener));
        return () => {
          stop();
          release();
        };
      });
      return () => {
        for (const end of watches) end();
        cancelFrame(listener);
      };
    },
    [hub, names],
  );
  return useSyncExternalStore(subscribe, () => {
    const next = names.map((name) => hub.peek(name)?.state.value ?? null);
    const same = next.length === shown.current.length && next.every((state, i) => state === shown.current[i]);
    if (!same) shown.current = next;
    return shown.current;
  });
}
