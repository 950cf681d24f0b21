/** Rows that have gone stay for a moment, marked as such, so that their going can be seen. */
import { useEffect, useRef, useState } from 'react';

export interface Farewell<T> {
  readonly row: T;
  readonly gone: boolean;
}

interface Kept<T> {
  readonly row: T;
  readonly until: number;
}

export function useFarewell<T extends { readonly id: string }>(
  rows: readonly T[],
  forMs: number,
): readonly Farewell<T>[] {
  const before = useRef<readonly T[]>(rows);
  const [leaving, setLeaving] = useState<ReadonlyMap<string, Kept<T>>>(new Map());
  useEffect(() => {
    const present = new Set(rows.map((row) => row.id));
    const gone = before.current.filter((row) => !present.has(row.id));
    before.current = rows;
    if (gone.length === 0) return;
    const until = performance.now() + forMs;
    setLeaving((all) => new Map([...all, ...gone.map((row) => [row.id, { row, until }] as const)]));
    const timer = setTimeout(() => {
      setLeaving((all) => new Map([...all].filter(([, kept]) => kept.until > performance.now())));
    }, forMs + 20);
    // The timer outlives this effect on purpose: later rows must not keep earlier ones from leaving.
    void timer;
  }, [rows, forMs]);
  const present = new Set(rows.map((row) => row.id));
  return [
    ...rows.map((row) => ({ row, gone: false })),
    ...[...leaving.values()]
      .filter(({ row }) => !present.has(row.id))
      .map(({ row }) => ({ row, gone: true })),
  ];
}
