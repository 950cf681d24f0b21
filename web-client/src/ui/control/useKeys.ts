/** The control room's keys. They rest while somebody types or a dialog is open. */
import { useEffect, useRef } from 'react';
import type { ControlRoom } from './useControlRoom';

interface KeysOptions {
  readonly room: ControlRoom;
  readonly row: number;
  readonly setRow: (row: number) => void;
  readonly toNow: () => void;
  readonly toDay: (days: number) => void;
  readonly toggleHelp: () => void;
  readonly enabled: boolean;
}

export function useKeys(options: KeysOptions): void {
  const current = useRef(options);
  current.current = options;
  const { enabled } = options;
  useEffect(() => {
    if (!enabled) return;
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (handle(event, current.current)) event.preventDefault();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [enabled]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.closest('input, textarea, select, dialog, [contenteditable]') !== null;
}

/** Whether the key meant something. */
function handle(event: KeyboardEvent, options: KeysOptions): boolean {
  const { room } = options;
  switch (event.key.toLowerCase()) {
    case 'j':
      return moveInQueue(room, 1);
    case 'k':
      return moveInQueue(room, -1);
    case 'a':
      if (room.chosen !== null) room.place(room.chosen.id);
      return room.chosen !== null;
    case 'u':
      return unassignChosen(room);
    case 'arrowdown':
      return moveRow(options, 1);
    case 'arrowup':
      return moveRow(options, -1);
    case 'enter':
      return assignToRow(options);
    case 'escape':
      return stepBack(room);
    case 'n':
      options.toNow();
      return true;
    case '[':
      options.toDay(-1);
      return true;
    case ']':
      options.toDay(1);
      return true;
    case '?':
      options.toggleHelp();
      return true;
    default:
      return false;
  }
}

function moveInQueue(room: ControlRoom, by: number): boolean {
  const { queue } = room.board;
  if (queue.length === 0) return false;
  const at = queue.findIndex((job) => job.id === room.chosen?.id);
  const next = at === -1 ? (by > 0 ? 0 : queue.length - 1) : (at + by + queue.length) % queue.length;
  room.choose(queue[next]?.id ?? null);
  return true;
}

function unassignChosen(room: ControlRoom): boolean {
  const job = room.chosen;
  const seat = job?.seats.findLastIndex((cleaner) => cleaner !== null) ?? -1;
  if (job === null || seat === -1) return false;
  void room.unassign(job, seat);
  return true;
}

function moveRow({ room, row, setRow }: KeysOptions, by: number): boolean {
  if (room.placing === null) return false;
  setRow(Math.min(Math.max(row + by, 0), room.board.days.length - 1));
  return true;
}

function assignToRow({ room, row }: KeysOptions): boolean {
  const day = room.board.days[row];
  if (room.placing === null || day === undefined) return false;
  void room.assign(room.placing, day.cleaner.id);
  return true;
}

function stepBack(room: ControlRoom): boolean {
  if (room.placing !== null) room.place(null);
  else if (room.chosen !== null) room.choose(null);
  else return false;
  return true;
}
