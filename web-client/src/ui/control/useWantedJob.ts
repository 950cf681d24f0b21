/** A job that the address asks for, by its own id or its booking's, is chosen as soon as the day shows it;
 * then the address is done with it. */
import { useEffect } from 'react';
import { setSearch, useSearch } from '../router';
import type { ControlRoom } from './useControlRoom';

export function useWantedJob({ board, choose }: Pick<ControlRoom, 'board' | 'choose'>): void {
  const wanted = useSearch().get('job');
  const { jobs } = board;
  useEffect(() => {
    if (wanted === null || jobs.size === 0) return;
    const found = jobs.get(wanted) ?? [...jobs.values()].find(({ booking }) => booking === wanted);
    if (found === undefined) return;
    choose(found.id);
    setSearch({ job: null });
  }, [wanted, jobs, choose]);
}
