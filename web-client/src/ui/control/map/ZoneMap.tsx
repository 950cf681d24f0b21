/** The zone with its jobs and where its cleaners are, drawn from the zone's own outline: no tiles, no other
 * site. The same as a table, for whoever does not see it or would rather read. */
import { Maximize2, Minus, Plus, Table2 } from 'lucide-react';
import { type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { NO_LIVE_ROWS } from '../../../hub/reducer';
import {
  type CleanerMark,
  type Look,
  type Mark,
  markAt,
  marksOf,
  panned,
  projectionOf,
  WHOLE,
  zoomed,
} from '../../../state/mapping';
import { useNow } from '../../../state/now';
import { useView } from '../../../state/services';
import { useTexts } from '../../i18n';
import { cx } from '../../parts/cx';
import { showCleaner } from '../palette/items';
import type { ControlRoom } from '../useControlRoom';
import { useShown } from '../useFilter';
import { draw, type Palette, paletteOf } from './draw';
import { MapTable } from './MapTable';
import css from './ZoneMap.module.css';

export function ZoneMap({ room, large }: { room: ControlRoom; large: boolean }) {
  const { t } = useTexts();
  const words = t.room.map;
  const now = useNow(5_000);
  const { content } = useView(`positions:${room.zone.slug}`);
  const rows = content.kind === 'live' ? content.rows : NO_LIVE_ROWS;
  const { wanted } = useShown(room.board, false);
  const marks = marksOf(room.board, rows.values(), wanted, now);
  const [table, setTable] = useState(false);
  const [look, setLook] = useState<Look>(WHOLE);
  const choose = (mark: Mark) => {
    if (mark.kind === 'job') room.choose(mark.id);
    else {
      if (mark.job !== null) room.choose(mark.job.id);
      showCleaner(mark.id);
    }
  };
  const cleaners = marks.filter((mark): mark is CleanerMark => mark.kind === 'cleaner');
  const late = cleaners.filter((mark) => mark.late > 0).length;
  return (
    <section className={cx(css.map, large && css.large)} aria-label={words.title(room.zone.name)}>
      {table ? (
        <MapTable cleaners={cleaners} room={room} onChoose={choose} />
      ) : (
        <Drawing
          marks={marks}
          room={room}
          look={look}
          onLook={setLook}
          onChoose={choose}
          label={words.summary(cleaners.length, late, marks.length - cleaners.length)}
        />
      )}
      {large && !table && <Legend />}
      <div className={css.tools}>
        {!table && (
          <>
            <Tool label={words.closer} onClick={() => setLook((before) => stepped(before, 1.6, room))}>
              <Plus size={16} aria-hidden />
            </Tool>
            <Tool label={words.further} onClick={() => setLook((before) => stepped(before, 1 / 1.6, room))}>
              <Minus size={16} aria-hidden />
            </Tool>
            {look.zoom > 1 && (
              <Tool label={words.whole} onClick={() => setLook(WHOLE)}>
                <Maximize2 size={15} aria-hidden />
              </Tool>
            )}
          </>
        )}
        <button
          type="button"
          className={css.tool}
          aria-label={words.table}
          title={words.table}
          aria-pressed={table}
          onClick={() => setTable(!table)}
        >
          <Table2 size={16} aria-hidden />
        </button>
      </div>
    </section>
  );
}

/** What the shapes mean, drawn as on the map. */
function Legend() {
  const { t } = useTexts();
  const words = t.room.map;
  const shapes = [
    ['en_route', 'M7 1 12 13 7 10 2 13Z', words.doing.en_route],
    ['on_site', 'M7 2a5 5 0 1 0 0 10a5 5 0 1 0 0-10Z', words.doing.on_site],
    ['free', 'M7 2a5 5 0 1 0 0 10a5 5 0 1 0 0-10Z', words.doing.free],
    ['assigned', 'M3 3H11V11H3Z', words.job],
    ['waits', 'M3 3H11V11H3Z', words.openJob],
    ['late', 'M7 1a6 6 0 1 0 0 12a6 6 0 1 0 0-12ZM7 4V8M7 10V11', words.lateMark],
  ] as const;
  return (
    <ul className={css.legend}>
      {shapes.map(([name, path, meaning]) => (
        <li key={name}>
          <svg width={14} height={14} viewBox="0 0 14 14" className={css[name]} aria-hidden="true">
            <path d={path} />
          </svg>
          {meaning}
        </li>
      ))}
    </ul>
  );
}

interface ToolProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly children: React.ReactNode;
}

function Tool({ label, onClick, children }: ToolProps) {
  return (
    <button type="button" className={css.tool} aria-label={label} title={label} onClick={onClick}>
      {children}
    </button>
  );
}

/** Closer to the middle. */
function stepped(look: Look, by: number, room: ControlRoom): Look {
  const surface = { width: 100, height: 100 };
  return zoomed(look, by, projectionOf(room.zone.polygon, surface, look), { x: 50, y: 50 });
}

interface DrawingProps {
  readonly marks: readonly Mark[];
  readonly room: ControlRoom;
  readonly look: Look;
  readonly onLook: (look: Look) => void;
  readonly onChoose: (mark: Mark) => void;
  readonly label: string;
}

const DRAG_PX = 4;

function Drawing({ marks, room, look, onLook, onChoose, label }: DrawingProps) {
  const { t } = useTexts();
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = useSurface(canvas);
  const palette = usePalette(canvas);
  const [pointed, setPointed] = useState<Mark | null>(null);
  const projection = projectionOf(room.zone.polygon, surface, look);
  const drag = useRef<{ x: number; y: number; far: boolean } | null>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d') ?? null;
    if (context === null || palette === null) return;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const chosen = room.chosen?.id ?? null;
    draw(context, {
      zone: room.zone,
      surface,
      projection,
      marks,
      chosen,
      palette,
      scaleText: t.room.map.scale,
    });
  });
  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  useWheel(canvas, (by, point) => onLook(zoomed(look, by, projection, point)));
  return (
    <>
      <canvas
        ref={canvas}
        className={cx(css.canvas, pointed !== null && css.pointing)}
        width={Math.round(surface.width * (window.devicePixelRatio || 1))}
        height={Math.round(surface.height * (window.devicePixelRatio || 1))}
        role="img"
        aria-label={label}
        onPointerDown={(event) => {
          drag.current = { ...at(event), far: false };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          const point = at(event);
          const from = drag.current;
          if (from === null) {
            setPointed(markAt(marks, projection, point));
            return;
          }
          const [dx, dy] = [point.x - from.x, point.y - from.y];
          if (!from.far && Math.hypot(dx, dy) < DRAG_PX) return;
          drag.current = { ...point, far: true };
          onLook(panned(look, dx, dy, projection));
        }}
        onPointerUp={(event) => {
          const from = drag.current;
          drag.current = null;
          const mark = from?.far === false ? markAt(marks, projection, at(event)) : null;
          if (mark !== null) onChoose(mark);
        }}
        onPointerLeave={() => setPointed(null)}
      />
      {pointed !== null && (
        <p
          className={css.tip}
          style={{
            left: Math.min(Math.max(projection.x(pointed.lon), 70), surface.width - 70),
            top: projection.y(pointed.lat) < 60 ? projection.y(pointed.lat) + 46 : projection.y(pointed.lat),
          }}
          aria-hidden
        >
          <Tip mark={pointed} room={room} />
        </p>
      )}
    </>
  );
}

function Tip({ mark, room }: { mark: Mark; room: ControlRoom }) {
  const { t, format } = useTexts();
  const late = mark.late > 0 ? ` · ${t.control.late(t.common.duration(mark.late))}` : '';
  if (mark.kind === 'cleaner') {
    return (
      <>
        <strong>{mark.name}</strong> {t.room.map.doing[mark.doing]}
        {late}
      </>
    );
  }
  return (
    <>
      <strong>{t.common.job(mark.job.number)}</strong> {format.time(mark.job.starts_at, room.zone.time_zone)}{' '}
      {t.jobStatus[mark.job.status]}
      {late}
    </>
  );
}

/** The canvas's size as it is laid out. */
function useSurface(canvas: React.RefObject<HTMLCanvasElement | null>): { width: number; height: number } {
  const [surface, setSurface] = useState({ width: 300, height: 200 });
  useLayoutEffect(() => {
    const element = canvas.current?.parentElement ?? null;
    if (element === null) return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      if (width > 0 && height > 0) setSurface({ width, height });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [canvas]);
  return surface;
}

/** The theme's colours, read anew when the theme changes. */
function usePalette(canvas: React.RefObject<HTMLCanvasElement | null>): Palette | null {
  const [palette, setPalette] = useState<Palette | null>(null);
  useEffect(() => {
    const read = () => {
      const around = canvas.current?.parentElement ?? null;
      if (around !== null) setPalette(paletteOf(around));
    };
    read();
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', read);
    const observer = new MutationObserver(read);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      dark.removeEventListener('change', read);
      observer.disconnect();
    };
  }, [canvas]);
  return palette;
}

const WHEEL = 0.0015;

/** The wheel looks closer; the page does not scroll with it. */
function useWheel(
  canvas: React.RefObject<HTMLCanvasElement | null>,
  turned: (by: number, at: { x: number; y: number }) => void,
): void {
  const current = useRef(turned);
  current.current = turned;
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      current.current(Math.exp(-event.deltaY * WHEEL), at);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [canvas]);
}
