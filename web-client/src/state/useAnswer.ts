/** A query's answer, asked anew when its parameters or the state it is about have changed, and when the
 * connection is back. An answer that comes after a newer question is not heard. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Objection } from '../hub/outcome';
import type { QueryAnswers, QueryKind, QueryKinds } from '../wire';
import { useLink, useServices } from './services';

export interface Answer<T> {
  /** The last one, kept while it is asked again. */
  readonly value: T | null;
  readonly objection: Objection | null;
  readonly asking: boolean;
  readonly again: () => void;
}

/** `null` parameters ask nothing. What is about the same thing at another `state` replaces the answer
 * when it is there; what is about another thing drops it at once. */
export function useAnswer<K extends QueryKind>(
  kind: K,
  parameters: QueryKinds[K] | null,
  state: string,
): Answer<QueryAnswers[K]> {
  const { hub } = useServices();
  const live = useLink().kind === 'live';
  const about = parameters === null ? null : JSON.stringify(parameters);
  const [told, setTold] = useState<{ about: string | null; value: QueryAnswers[K] | null }>({
    about: null,
    value: null,
  });
  const [objection, setObjection] = useState<Objection | null>(null);
  const [asking, setAsking] = useState(false);
  const [turn, setTurn] = useState(0);
  const latest = useRef(parameters);
  latest.current = parameters;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new state or turn is a new question
  useEffect(() => {
    const asked = latest.current;
    if (asked === null || !live) return;
    let heard = true;
    setAsking(true);
    void hub.ask(kind, asked).then((told) => {
      if (!heard) return;
      setAsking(false);
      setObjection(told.outcome === 'answered' ? null : told);
      if (told.outcome === 'answered') setTold({ about, value: told.answer });
    });
    return () => {
      heard = false;
      setAsking(false);
    };
  }, [hub, kind, about, state, live, turn]);
  const again = useCallback(() => setTurn((count) => count + 1), []);
  return { value: told.about === about ? told.value : null, objection, asking, again };
}
