/** The control room's keys. They rest while somebody types or a dialog is open; while a job is being placed
 * they place it, and letters look for a cleaner by name. */
import { useEffect, useRef } from 'react';
import type { CleanerDay } from '../../state/control';
import { FINE_STEP_MS, STEP_MS, stepFrom } from '../../state/controlAxis';
import { type Desk, nextInQueue, type Placing } from '../../state/desk';
import type { JobRow } from '../../wire';
import type { ControlRoom } from './useControlRoom';
import { useShown } from './useFilter';
import { useSurround } from './useSurround';

interface KeysOptions {
  readonly room: ControlRoom;
  readonly toNow: () => void;
  readonly toDay: (days: number) => void;
  readonly toToday: () => void;
  readonly zoom: (by: 1 | -1) => void;
  readonly toggleHelp: () => void;
  readonly enabled: boolean;
}

interface Heard extends KeysOptions {
  /** What waits and passes the filter. */
  readonly queue: readonly JobRow[];
  /** Whom a job can be given to here. */
  readonly days: readonly CleanerDay[];
}

/** Letters typed within this time are one name. */
const TYPING_MS = 900;

export function useKeys(options: KeysOptions): void {
  const { queue } = useShown(options.room.board, false);
  const { days } = useShown(options.room.board, true);
  const current = useRef({ ...options, queue, days });
  current.current = { ...options, queue, days };
  const { keysOn } = useSurround();
  const enabled = options.enabled && keysOn;
  useEffect(() => {
    if (!enabled) return;
    const typed = { text: '', at: 0 };
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event.target)) return;
      const { room } = current.current;
      const { placing } = room.desk.state.value;
      const meant =
        placing === null
          ? ofTheRoom(event, current.current)
          : ofPlacing(event, room.desk, current.current.days, placing, typed);
      if (meant) event.preventDefault();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [enabled]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.closest('input, textarea, select, dialog, [contenteditable]') !== null;
}

/** The job that has the focus on the timeline. */
function focused(): string | null {
  const bar = document.activeElement?.closest<HTMLElement>('[data-job-id]');
  return bar?.dataset.jobId ?? null;
}

/** Whether the key meant something. */
function ofTheRoom(event: KeyboardEvent, options: Heard): boolean {
  const { room } = options;
  const { desk } = room;
  if (event.altKey) return false;
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() !== 'z' || event.shiftKey || !desk.canUndo) return false;
    void desk.undo();
    return true;
  }
  switch (event.key.toLowerCase()) {
    case 'j':
      return inQueue(options, 1);
    case 'k':
      return inQueue(options, -1);
    case 'a':
      return place(room, 'assign');
    case 'm':
      return place(room, 'move');
    case 'u': {
      const jobs = desk.subjects(focused());
      if (jobs.length > 0) void desk.unassign(jobs);
      return jobs.length > 0;
    }
    case 'v': {
      const job = focused() ?? room.chosen?.id;
      if (job !== undefined) desk.toggle(job);
      return job !== undefined;
    }
    case 'escape':
      return stepBack(room);
    case 'n':
      options.toNow();
      return true;
    case 't':
      options.toToday();
      return true;
    case '+':
    case '=':
      options.zoom(1);
      return true;
    case '-':
      options.zoom(-1);
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

function inQueue({ room, queue }: Heard, by: 1 | -1): boolean {
  const next = nextInQueue(queue, room.desk.state.value.chosen, by);
  if (next !== null) room.choose(next.id);
  return next !== null;
}

function place({ desk }: ControlRoom, kind: Placing['kind']): boolean {
  const jobs = desk.subjects(focused());
  if (jobs.length > 0) desk.place(kind, jobs);
  return jobs.length > 0;
}

function stepBack({ desk }: ControlRoom): boolean {
  const { setback, selected, chosen } = desk.state.value;
  if (setback !== null) desk.dismiss();
  else if (selected.size > 0) desk.clearSelection();
  else if (chosen !== null) desk.choose(null);
  else return false;
  return true;
}

function ofPlacing(
  event: KeyboardEvent,
  desk: Desk,
  days: readonly CleanerDay[],
  placing: Placing,
  typed: { text: string; at: number },
): boolean {
  if (event.ctrlKey || event.metaKey) return false;
  const at = days.findIndex(({ cleaner }) => cleaner.id === placing.cleaner);
  const step = event.altKey ? FINE_STEP_MS : STEP_MS;
  const later = (by: 1 | -1) => {
    if (placing.kind !== 'move' || placing.start === null) return false;
    desk.aim({ start: stepFrom(placing.start, by, step) });
    return true;
  };
  const down = (by: number) => {
    const next = days[Math.min(Math.max(at + by, 0), days.length - 1)];
    if (next !== undefined) desk.aim({ cleaner: next.cleaner.id });
    return next !== undefined;
  };
  switch (event.key) {
    case 'ArrowDown':
      return down(1);
    case 'ArrowUp':
      return down(-1);
    case 'PageDown':
      return down(10);
    case 'PageUp':
      return down(-10);
    case 'ArrowRight':
      return later(1);
    case 'ArrowLeft':
      return later(-1);
    case 'Enter':
      desk.commit();
      return true;
    case 'Escape':
      desk.stopPlacing();
      return true;
    default: {
      if (!/^\p{L}$/u.test(event.key)) return false;
      typed.text = event.timeStamp - typed.at < TYPING_MS ? typed.text + event.key : event.key;
      typed.at = event.timeStamp;
      const sought = typed.text.toLocaleLowerCase();
      const found = days.find(({ cleaner }) =>
        cleaner.name
          .toLocaleLowerCase()
          .split(' ')
          .some((word) => word.startsWith(sought)),
      );
      if (found !== undefined) desk.aim({ cleaner: found.cleaner.id });
      return true;
    }
  }
}
