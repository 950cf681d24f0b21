/** How far the board can be trusted now, looked at every second; changes only when that changes. */
import { useCallback, useSyncExternalStore } from 'react';
import { type Freshness, freshness, type Trust, trust } from '../../state/freshness';
import { useNow } from '../../state/now';
import { type Services, useLink, useServices } from '../../state/services';

const LOOK_MS = 1_000;

export function trustNow({ hub }: Pick<Services, 'hub'>): Trust {
  return trust({ silentMs: hub.lag.silentMs() });
}

export function useTrust(): Trust {
  const services = useServices();
  const subscribe = useCallback((listener: () => void) => {
    const timer = setInterval(listener, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return useSyncExternalStore(subscribe, () => trustNow(services));
}

export function useFreshness(): Freshness {
  const { hub } = useServices();
  const link = useLink();
  const now = useNow(LOOK_MS);
  return freshness({ link, now, lagMs: hub.lag.recentMs(), silentMs: hub.lag.silentMs() });
}
