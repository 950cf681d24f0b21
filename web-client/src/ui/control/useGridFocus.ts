/** The keyboard within the timeline: one cell has the focus, a row's header or a bar; arrows go from cell to
 * cell and from row to row, also to rows that are not in the page yet. */
import { type FocusEvent, type KeyboardEvent, useLayoutEffect, useRef } from 'react';
import { startOf } from '../../state/control';
import { barKey, type Cell, type Stage } from './stage';

interface GridFocusOptions {
  readonly stage: Stage;
  readonly rows: readonly string[];
  readonly rowPx: number;
  readonly headerPx: number;
  readonly scroller: { readonly current: HTMLElement | null };
}

export function useGridFocus({ stage, rows, rowPx, headerPx, scroller }: GridFocusOptions) {
  const wanted = useRef<string | null>(null);
  const { cursor, store, desk } = stage;

  const focusWanted = () => {
    const element = scroller.current;
    if (wanted.current === null || element === null) return;
    const cell = element.querySelector<HTMLElement>(`[data-cell="${CSS.escape(wanted.current)}"]`);
    if (cell === null) return;
    wanted.current = null;
    cell.focus({ preventScroll: true });
    if (!cell.matches('[role=rowheader]')) cell.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
  // A row that was out of sight is in the page after the next drawing.
  useLayoutEffect(focusWanted);

  const go = (cell: Cell) => {
    const element = scroller.current;
    const row = rows.indexOf(cell.cleaner);
    if (element === null || row === -1) return;
    cursor.set(cell);
    wanted.current = cell.bar ?? cell.cleaner;
    const at = row * rowPx;
    const visible = element.clientHeight - headerPx;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + rowPx > element.scrollTop + visible) element.scrollTop = at + rowPx - visible;
    focusWanted();
  };

  const barsOf = (cleaner: string) => store.day(cleaner)?.bars ?? [];
  const keysOf = (cleaner: string) => barsOf(cleaner).map(({ job, seat }) => barKey(job.id, seat));

  const alongRow = (cell: Cell, by: 1 | -1): Cell => {
    const cells = [null, ...keysOf(cell.cleaner)];
    const at = Math.max(cells.indexOf(cell.bar), 0);
    const next = Math.min(Math.max(at + by, 0), cells.length - 1);
    return { cleaner: cell.cleaner, bar: cells[next] ?? null };
  };

  /** Another row, there the bar nearest in time. */
  const acrossRows = (cell: Cell, by: number): Cell => {
    const next = rows[Math.min(Math.max(rows.indexOf(cell.cleaner) + by, 0), rows.length - 1)];
    if (next === undefined || next === cell.cleaner) return cell;
    const from = barsOf(cell.cleaner).find(({ job, seat }) => barKey(job.id, seat) === cell.bar);
    if (from === undefined) return { cleaner: next, bar: null };
    const gap = (start: number) => Math.abs(start - startOf(from.job));
    const [nearest] = [...barsOf(next)].sort((a, b) => gap(startOf(a.job)) - gap(startOf(b.job)));
    return { cleaner: next, bar: nearest === undefined ? null : barKey(nearest.job.id, nearest.seat) };
  };

  const target = (event: KeyboardEvent, cell: Cell): Cell | null => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowPx) - 1);
    switch (event.key) {
      case 'ArrowRight':
        return alongRow(cell, 1);
      case 'ArrowLeft':
        return alongRow(cell, -1);
      case 'ArrowDown':
        return acrossRows(cell, 1);
      case 'ArrowUp':
        return acrossRows(cell, -1);
      case 'PageDown':
        return acrossRows(cell, page);
      case 'PageUp':
        return acrossRows(cell, -page);
      case 'Home':
        return event.ctrlKey ? { cleaner: rows[0] ?? cell.cleaner, bar: null } : { ...cell, bar: null };
      case 'End':
        if (event.ctrlKey) return { cleaner: rows.at(-1) ?? cell.cleaner, bar: null };
        return { cleaner: cell.cleaner, bar: keysOf(cell.cleaner).at(-1) ?? null };
      default:
        return null;
    }
  };

  return {
    onKeyDown: (event: KeyboardEvent) => {
      if (desk.state.value.placing !== null || event.altKey || event.metaKey) return;
      const cell = cursor.value;
      const next = cell === null ? null : target(event, cell);
      if (next === null) return;
      event.preventDefault();
      event.stopPropagation();
      go(next);
    },
    onFocus: (event: FocusEvent) => {
      const cell = event.target.closest<HTMLElement>('[data-cell]');
      const row = cell?.closest<HTMLElement>('[data-cleaner]')?.dataset.cleaner;
      if (cell === null || row === undefined) return;
      const bar = cell.matches('[role=rowheader]') ? null : (cell.dataset.cell ?? null);
      const known = cursor.value;
      if (known?.cleaner !== row || known.bar !== bar) cursor.set({ cleaner: row, bar });
    },
  };
}
