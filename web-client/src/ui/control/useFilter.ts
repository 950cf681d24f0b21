/** The filter in the address, and what of the board it lets through. */
import { useCallback, useMemo } from 'react';
import type { Board, CleanerDay } from '../../state/control';
import { type Filter, filterFrom, type Matcher, matcher, searchOf } from '../../state/filter';
import type { JobRow } from '../../wire';
import { setSearch, useSearch } from '../router';

export interface FilterInUse {
  readonly filter: Filter;
  readonly matcher: Matcher;
  readonly set: (changes: Partial<Filter>) => void;
}

export function useFilter(): FilterInUse {
  const text = useSearch().toString();
  return useMemo(() => {
    const filter = filterFrom(new URLSearchParams(text));
    return {
      filter,
      matcher: matcher(filter),
      set: (changes) => setSearch(searchOf({ ...filter, ...changes })),
    };
  }, [text]);
}

/** What of the board is wished for. */
export interface Shown {
  readonly days: readonly CleanerDay[];
  readonly queue: readonly JobRow[];
  /** Whether a job is; others stay on their cleaner's row and are drawn quiet. */
  readonly wanted: (job: JobRow) => boolean;
  /** Nothing is left out. */
  readonly all: boolean;
}

/** While a job is being given to somebody every cleaner who is wished for has a row, whatever their jobs. */
export function useShown(board: Board, placing: boolean): Shown {
  const { matcher } = useFilter();
  const { days, queue } = board;
  const known = useMemo(() => new Map(days.map(({ cleaner }) => [cleaner.id, cleaner] as const)), [days]);
  const wanted = useCallback(
    (job: JobRow) => {
      if (matcher.all) return true;
      return matcher.job(
        job,
        job.seats.flatMap((id) => (id === null ? [] : (known.get(id) ?? []))),
      );
    },
    [matcher, known],
  );
  return useMemo(() => {
    if (matcher.all) return { days, queue, wanted, all: true };
    const kept = days.filter(({ cleaner, bars }) =>
      placing
        ? matcher.staff(cleaner)
        : matcher.row(
            cleaner,
            bars.map(({ job }) => job),
          ),
    );
    return { days: kept, queue: queue.filter((job) => matcher.job(job, [])), wanted, all: false };
  }, [matcher, days, queue, placing, wanted]);
}
