/**
 * Lists for the administration, asked for over HTTP as whoever is signed in. TanStack Query would bring a
 * cache that nothing here shares: each list belongs to one page, is read anew after a change of one's own
 * and whenever the window is looked at again, and that is the whole of it.
 */
import { useCallback, useEffect, useMemo, useReducer, useRef } from 'react';
import { type Rest, RestError } from '../../hub/rest';
import type { Session } from '../../hub/session';
import type { QueryAnswers, QueryKind, QueryKinds } from '../../wire';
import { useServices } from '../services';

export type Read<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly code: string };

/** Reads a path with the session's token, and once more with a fresh one where that was turned down. */
export async function readAs<T>(rest: Rest, session: Session, path: string): Promise<T> {
  try {
    return await rest.getAs<T>(await session.accessToken(), path);
  } catch (error) {
    if (!(error instanceof RestError) || error.status !== 401) throw error;
    session.distrust();
    return rest.getAs<T>(await session.accessToken(), path);
  }
}

export type Fields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** What is asked, as an address has it: lists apart by commas, what is not said left out. */
export function pathOf(path: string, fields: Fields): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function queryPath<K extends QueryKind>(kind: K, parameters: QueryKinds[K]): string {
  return pathOf(`/api/v1/queries/${kind}`, parameters as Fields);
}

export interface Pages<Row> {
  readonly kind: 'loading' | 'ready' | 'failed';
  readonly rows: readonly Row[];
  readonly next: string | null;
  readonly code: string;
}

export type PagesEvent<Row> =
  | { readonly kind: 'asked'; readonly anew: boolean }
  | {
      readonly kind: 'came';
      readonly rows: readonly Row[];
      readonly next: string | null;
      readonly on: boolean;
    }
  | { readonly kind: 'failed'; readonly code: string };

export const NO_PAGES: Pages<never> = { kind: 'loading', rows: [], next: null, code: '' };

/** A list that is read again keeps its rows until the new ones are there; another list begins empty. */
export function pagesReducer<Row>(pages: Pages<Row>, event: PagesEvent<Row>): Pages<Row> {
  switch (event.kind) {
    case 'asked':
      return event.anew ? NO_PAGES : { ...pages, kind: pages.kind === 'failed' ? 'loading' : pages.kind };
    case 'came': {
      const rows = event.on ? [...pages.rows, ...event.rows] : event.rows;
      return { kind: 'ready', rows, next: event.next, code: '' };
    }
    case 'failed':
      return { ...pages, kind: 'failed', code: event.code };
    default:
      return event satisfies never;
  }
}

export interface List<Row> extends Pages<Row> {
  readonly more: () => void;
  readonly reload: () => Promise<readonly Row[]>;
}

/** A list page by page; `read` gets what the page before ended with. It is another list where `key` differs. */
export function useList<Row>(
  key: string,
  read: (after: string | undefined) => Promise<{ rows: readonly Row[]; next: string | null }>,
): List<Row> {
  const [pages, tell] = useReducer(pagesReducer<Row>, NO_PAGES as Pages<Row>);
  const turn = useRef(0);
  const reading = useRef(read);
  reading.current = read;
  const ask = useCallback(async (after: string | undefined, anew: boolean): Promise<readonly Row[]> => {
    const mine = ++turn.current;
    tell({ kind: 'asked', anew });
    try {
      const { rows, next } = await reading.current(after);
      if (mine === turn.current) tell({ kind: 'came', rows, next, on: after !== undefined });
      return rows;
    } catch (error) {
      const code = error instanceof RestError ? error.code : 'unauthenticated';
      if (mine === turn.current) tell({ kind: 'failed', code });
      return [];
    }
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is read
  useEffect(() => {
    void ask(undefined, true);
  }, [ask, key]);
  const reload = useCallback(() => ask(undefined, false), [ask]);
  useLookedAtAgain(reload);
  const { next } = pages;
  const more = useCallback(() => void (next !== null && ask(next, false)), [ask, next]);
  return useMemo(() => ({ ...pages, more, reload }), [pages, more, reload]);
}

/** One answer, read again like a list. */
export function useAnswer<K extends QueryKind>(
  kind: K,
  parameters: QueryKinds[K],
): Read<QueryAnswers[K]> & { readonly reload: () => Promise<unknown> } {
  const { rest, session } = useServices();
  const path = queryPath(kind, parameters);
  const list = useList<QueryAnswers[K]>(path, async () => {
    return { rows: [await readAs<QueryAnswers[K]>(rest, session, path)], next: null };
  });
  const [value] = list.rows;
  const { reload } = list;
  if (value !== undefined) return { kind: 'ready', value, reload };
  return list.kind === 'failed' ? { kind: 'failed', code: list.code, reload } : { kind: 'loading', reload };
}

type PageOf<K extends QueryKind> = Extract<QueryAnswers[K], { next: string | null }>;
type RowIn<P> = { [N in keyof P]: P[N] extends readonly (infer Row)[] ? Row : never }[keyof P];

/** The pages of one of the lists that the server has. */
export function useRowsOf<K extends QueryKind, Row = RowIn<PageOf<K>>>(
  kind: K,
  parameters: QueryKinds[K],
  rowsOf: (page: QueryAnswers[K]) => readonly Row[],
): List<Row> {
  const { rest, session } = useServices();
  const path = queryPath(kind, parameters);
  return useList<Row>(path, async (after) => {
    const page = await readAs<QueryAnswers[K]>(
      rest,
      session,
      queryPath(kind, { ...parameters, ...(after === undefined ? {} : { after }) }),
    );
    return { rows: rowsOf(page), next: (page as { next: string | null }).next };
  });
}

function useLookedAtAgain(reload: () => Promise<unknown>): void {
  useEffect(() => {
    const look = () => void (document.visibilityState === 'visible' && reload());
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [reload]);
}
