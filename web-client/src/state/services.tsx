/**
 * What the screens stand on: one session, one clock and one connection per page, handed down by context,
 * and the hooks that read them. Views are watched for as long as a component shows them.
 */
import { createContext, type ReactNode, useCallback, useContext, useSyncExternalStore } from 'react';
import { HubClient, type Link } from '../hub/client';
import { ServerClock } from '../hub/clock';
import type { Observable } from '../hub/observable';
import {
  emptyContent,
  type LiveRows,
  NO_LIVE_ROWS,
  NO_ROWS,
  NO_SLOTS,
  type Rows,
  type Slots,
} from '../hub/reducer';
import { Rest } from '../hub/rest';
import { type Area, Session, type User } from '../hub/session';
import type { Phase, ViewState } from '../hub/view';
import type { PresenceRow } from '../wire';
import { Catalogs } from './catalogs';
import { deviceStorage } from './deviceStorage';
import { cancelFrame, onNextFrame } from './frame';

export interface Services {
  readonly area: Area;
  readonly rest: Rest;
  readonly clock: ServerClock;
  readonly session: Session;
  readonly hub: HubClient;
  readonly catalogs: Catalogs;
}

export function startServices(area: Area): Services {
  const clock = new ServerClock();
  const rest = new Rest(clock);
  const session = new Session(area, rest, deviceStorage);
  const scheme = window.location.protocol === 'https:' ? 'wss:' : 'ws:';
  const url = `${scheme}//${window.location.host}/connection/websocket`;
  const hub = new HubClient({ url, session, clock });
  return { area, rest, clock, session, hub, catalogs: new Catalogs(rest) };
}

const Context = createContext<Services | null>(null);

export function ServicesProvider({ services, children }: { services: Services; children: ReactNode }) {
  return <Context value={services}>{children}</Context>;
}

export function useServices(): Services {
  const services = useContext(Context);
  if (services === null) throw new Error('rendered outside of ServicesProvider');
  return services;
}

/** The value of an observable, at most one render per frame. */
export function useObservable<T>(source: Observable<T>): T {
  const subscribe = useCallback((listener: () => void) => framed(source, listener), [source]);
  return useSyncExternalStore(subscribe, () => source.value);
}

function framed(source: Observable<unknown>, listener: () => void): () => void {
  const stop = source.subscribe(() => onNextFrame(listener));
  return () => {
    stop();
    cancelFrame(listener);
  };
}

export function useUser(): User | null {
  return useObservable(useServices().session.user);
}

export function useLink(): Link {
  return useObservable(useServices().hub.link);
}

const LOADING: Phase = { kind: 'loading' };
const NOTHING: ViewState = { phase: LOADING, content: emptyContent(''), at: null };

/** Watches a channel; `null` watches nothing. */
export function useView(channel: string | null): ViewState {
  const { hub } = useServices();
  const subscribe = useCallback(
    (listener: () => void) => {
      if (channel === null) return () => undefined;
      const { view, release } = hub.watch(channel);
      const stop = framed(view.state, listener);
      return () => {
        stop();
        release();
      };
    },
    [hub, channel],
  );
  return useSyncExternalStore(subscribe, () =>
    channel === null ? NOTHING : (hub.peek(channel)?.state.value ?? NOTHING),
  );
}

export interface RowsView {
  readonly rows: Rows;
  readonly phase: Phase;
  readonly at: string | null;
}

export function useRows(channel: string | null): RowsView {
  const { content, phase, at } = useView(channel);
  return { rows: content.kind === 'rows' ? content.rows : NO_ROWS, phase, at };
}

/** Who is in a zone (`null` before that was heard), and whether this page is heard there. */
export function usePresenceView(zone: string): { row: PresenceRow | null; live: boolean } {
  const { content, phase } = useView(`presence:${zone}`);
  return { row: content.kind === 'presence' ? content.row : null, live: phase.kind === 'live' };
}

/** Rows of a channel without a log; `null` watches nothing. */
export function useLiveRows(channel: string | null): LiveRows {
  const { content } = useView(channel);
  return content.kind === 'live' ? content.rows : NO_LIVE_ROWS;
}

export function slotsOf(state: ViewState): Slots {
  return state.content.kind === 'slots' ? state.content.slots : NO_SLOTS;
}
