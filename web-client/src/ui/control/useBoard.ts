/** The board of one or several days of a zone, as a store that is fed once per animation frame, and the
 * ways to look at it: a cleaner's day as it changes, the whole at most a few times a second. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { NO_ROWS, type Rows } from '../../hub/reducer';
import type { Phase } from '../../hub/view';
import { BoardStore, joinRows } from '../../state/boardStore';
import type { Board, CleanerDay } from '../../state/control';
import { cancelFrame, onNextFrame } from '../../state/frame';
import { useServices } from '../../state/services';

/** How the channels stand that the board is read from. */
export interface Feed {
  readonly phase: Phase;
  /** Server time of the last change heard. */
  readonly at: string | null;
}

/** Panels that look at the whole board are drawn at most this often while changes pour in. */
const COARSE_MS = 250;
/** More than one frame, less than two. */
const PACE_MS = 24;
const LOADING: Feed = { phase: { kind: 'loading' }, at: null };

export function useBoardStore(channels: readonly string[]): { store: BoardStore; feed: () => Feed } {
  const { hub } = useServices();
  const [store] = useState(() => new BoardStore());
  const feed = useRef<Feed>(LOADING);
  const joined = channels.join(' ');
  useEffect(() => {
    const watches = joined.split(' ').map((channel) => hub.watch(channel));
    let before: { days: readonly Rows[]; joined: Rows } | null = null;
    const pull = () => {
      const states = watches.map(({ view }) => view.state.value);
      const days = states.map(({ content }) => (content.kind === 'rows' ? content.rows : NO_ROWS));
      const rows = joinRows(days, before);
      before = { days, joined: rows };
      const phases = states.map(({ phase }) => phase);
      const phase =
        phases.find(({ kind }) => kind === 'closed') ?? phases.find(({ kind }) => kind === 'catching_up');
      const ats = states.flatMap(({ at }) => (at === null ? [] : [at]));
      const next = { phase: phase ?? phases[0] ?? LOADING.phase, at: ats.sort().at(-1) ?? null };
      const stands = next.phase !== feed.current.phase;
      feed.current = next;
      if (!store.feed(rows) && stands) store.touch();
    };
    // A lone change is on the screen with the next frame; of a stream of them every other frame shows one.
    const paced = pacer(pull);
    const stops = watches.map(({ view }) => view.state.subscribe(paced.ask));
    pull();
    store.source = pull;
    return () => {
      store.source = null;
      for (const stop of stops) stop();
      paced.stop();
      for (const { release } of watches) release();
    };
  }, [hub, store, joined]);
  return { store, feed: useCallback(() => feed.current, []) };
}

/** Runs a task on the next frame, but not on two frames in a row. */
function pacer(task: () => void): { ask: () => void; stop: () => void } {
  let ran = Number.NEGATIVE_INFINITY;
  const run = () => {
    if (performance.now() - ran < PACE_MS) {
      onNextFrame(run);
      return;
    }
    ran = performance.now();
    task();
  };
  return { ask: () => onNextFrame(run), stop: () => cancelFrame(run) };
}

/** The whole board: at once when it has been quiet, a few times a second when it has not. */
export function useWholeBoard(store: BoardStore): Board {
  const shown = useRef<Board>(store.value);
  const subscribe = useCallback(
    (listener: () => void) => {
      let last = Number.NEGATIVE_INFINITY;
      let timer: ReturnType<typeof setTimeout> | null = null;
      const show = () => {
        timer = null;
        last = performance.now();
        shown.current = store.value;
        listener();
      };
      const told = () => {
        const wait = last + COARSE_MS - performance.now();
        if (wait <= 0 || store.urgent) {
          if (timer !== null) clearTimeout(timer);
          show();
        } else {
          timer ??= setTimeout(show, wait);
        }
      };
      const stop = store.subscribe(told);
      show();
      return () => {
        stop();
        if (timer !== null) clearTimeout(timer);
      };
    },
    [store],
  );
  return useSyncExternalStore(subscribe, () => shown.current);
}

/** One cleaner's day, drawn anew when something on it has changed. */
export function useCleanerDay(store: BoardStore, cleaner: string): CleanerDay | null {
  const subscribe = useCallback(
    (listener: () => void) => store.subscribeDay(cleaner, listener),
    [store, cleaner],
  );
  return useSyncExternalStore(subscribe, () => store.day(cleaner));
}
