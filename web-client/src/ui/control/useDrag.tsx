/** Dragging a job onto a cleaner with mouse or pen. A finger scrolls instead, and taps to assign. */
import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { JobRow } from '../../wire';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { type ControlRoom, obstacleText } from './useControlRoom';
import css from './useDrag.module.css';

export interface Carried {
  readonly job: JobRow;
  /** The seat it is taken from; `null` comes from the queue. */
  readonly seat: number | null;
}

export interface Drag {
  readonly begin: (event: PointerEvent, carried: Carried) => void;
  /** The job in the air. */
  readonly job: JobRow | null;
  /** The cleaner below it. */
  readonly target: string | null;
  readonly ghost: ReactNode;
}

interface Flight {
  readonly carried: Carried;
  readonly x: number;
  readonly y: number;
  readonly target: string | null;
}

const THRESHOLD_PX = 5;

export function useDrag(room: ControlRoom): Drag {
  const [flight, setFlight] = useState<Flight | null>(null);
  const end = useRef<(() => void) | null>(null);
  useEffect(() => () => end.current?.(), []);
  const current = useRef(room);
  current.current = room;

  const begin = (event: PointerEvent, carried: Carried) => {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    if (room.placing !== null || !room.rights.dispatch) return;
    const [x, y] = [event.clientX, event.clientY];
    let flying: Flight | null = null;
    const move = (moved: globalThis.PointerEvent) => {
      const far = Math.hypot(moved.clientX - x, moved.clientY - y) > THRESHOLD_PX;
      if (flying === null && !far) return;
      moved.preventDefault();
      const target = cleanerAt(moved.clientX, moved.clientY);
      flying = { carried, x: moved.clientX, y: moved.clientY, target };
      setFlight(flying);
    };
    const stop = () => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', drop);
      window.removeEventListener('pointercancel', stop);
      window.removeEventListener('keydown', abandon, true);
      end.current = null;
      setFlight(null);
    };
    const drop = () => {
      const landed = flying;
      stop();
      if (landed === null) return;
      // The click that follows a drag belongs to the drag.
      window.addEventListener('click', swallow, { capture: true, once: true });
      setTimeout(() => window.removeEventListener('click', swallow, true), 0);
      const job = current.current.board.jobs.get(carried.job.id);
      if (landed.target === null || job === undefined || job.seats.includes(landed.target)) return;
      void current.current.assign(job, landed.target, carried.seat ?? undefined);
    };
    const abandon = (pressed: KeyboardEvent) => {
      if (pressed.key !== 'Escape') return;
      pressed.stopPropagation();
      stop();
    };
    end.current?.();
    end.current = stop;
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', drop);
    window.addEventListener('pointercancel', stop);
    window.addEventListener('keydown', abandon, true);
  };
  return {
    begin,
    job: flight?.carried.job ?? null,
    target: flight?.target ?? null,
    ghost: flight === null ? null : <Ghost flight={flight} room={room} />,
  };
}

function swallow(event: Event): void {
  event.stopPropagation();
  event.preventDefault();
}

function cleanerAt(x: number, y: number): string | null {
  const row = document.elementFromPoint(x, y)?.closest('[data-cleaner]');
  return row instanceof HTMLElement ? (row.dataset.cleaner ?? null) : null;
}

function Ghost({ flight, room }: { flight: Flight; room: ControlRoom }) {
  const { t } = useTexts();
  const { carried, x, y, target } = flight;
  const day = room.board.days.find(({ cleaner }) => cleaner.id === target);
  const found = day === undefined ? null : room.obstacleTo(carried.job, day);
  return (
    <div
      className={cx(css.ghost, found !== null && css.illegal)}
      style={{ transform: `translate(${x + 12}px, ${y + 12}px)` }}
      aria-hidden
    >
      <strong>{t.common.job(carried.job.number)}</strong>
      {day !== undefined && (
        <span> → {found === null ? day.cleaner.name : `${day.cleaner.name} ${obstacleText(t, found)}`}</span>
      )}
    </div>
  );
}
