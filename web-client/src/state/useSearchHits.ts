/** What the server finds for a text while it is being typed: asked when the typing pauses, and an answer to
 * a text that has been typed on is not heard. */
import { useEffect, useState } from 'react';
import type { Hit, SearchKind } from '../wire';
import { useServices } from './services';

const PAUSE_MS = 180;
/** The server looks for no less. */
const LEAST = 2;
const LIMIT = 12;

export interface Hits {
  readonly hits: readonly Hit[];
  readonly searching: boolean;
  /** Nothing could be asked just now. */
  readonly failed: boolean;
}

const NOTHING: Hits = { hits: [], searching: false, failed: false };

export function useSearchHits(text: string, kinds: readonly SearchKind[] | null): Hits {
  const { hub } = useServices();
  const [found, setFound] = useState<Hits>(NOTHING);
  const wanted = text.trim();
  const among = kinds?.join(',') ?? '';
  useEffect(() => {
    if (wanted.length < LEAST) {
      setFound(NOTHING);
      return;
    }
    let heard = true;
    setFound((before) => ({ ...before, searching: true }));
    const timer = setTimeout(() => {
      const asked = { text: wanted, limit: LIMIT };
      const only = among === '' ? {} : { kinds: among.split(',') as SearchKind[] };
      void hub.ask('search', { ...asked, ...only }).then((told) => {
        if (!heard) return;
        const hits = told.outcome === 'answered' ? told.answer.hits : [];
        setFound({ hits, searching: false, failed: told.outcome !== 'answered' });
      });
    }, PAUSE_MS);
    return () => {
      heard = false;
      clearTimeout(timer);
    };
  }, [hub, wanted, among]);
  return found;
}
