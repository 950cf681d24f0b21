/**
 * Draws a zone's outline on a plane of degrees: a click adds a corner, corners and the middles of edges are
 * dragged, the background moves, the wheel and the buttons zoom. Other zones lie beneath. Everything that
 * is done here can be done in the list of corners, so for the keyboard this is a picture.
 */
import { LocateFixed, Maximize, Minus, Plus } from 'lucide-react';
import { type PointerEvent, useEffect, useRef, useState, type WheelEvent } from 'react';
import { fitted, type Plane, pan, toDegrees, toPoint, zoom } from '../../state/admin/plane';
import type { Corners, Edit } from '../../state/admin/polygon';
import type { Zone } from '../../wire';
import css from './OutlineCanvas.module.css';
import { useAdminTexts } from './texts';

/** Points of the drawing are those of the screen, so that a finger finds a corner on a phone too. */
const LEAST_HEIGHT = 300;
const MOST_HEIGHT = 420;
const SHAPE = 0.53;
/** Further is a drag, nearer a click. */
const CLICK_PX = 4;

type Grip =
  | { readonly kind: 'corner'; readonly at: number }
  | {
      readonly kind: 'plane';
      readonly from: readonly [number, number];
      readonly plane: Plane;
      moved: boolean;
    };

interface CanvasProps {
  readonly corners: Corners;
  readonly others: readonly Zone[];
  readonly onEdit: (edit: Edit) => void;
}

export function OutlineCanvas({ corners, others, onEdit }: CanvasProps) {
  const { a } = useAdminTexts();
  const svg = useRef<SVGSVGElement>(null);
  const grip = useRef<Grip | null>(null);
  const neighbours = others.flatMap((zone) => zone.polygon);
  const all = corners.length > 0 ? corners : neighbours;
  const [{ width, height }, setSize] = useState({ width: 760, height: 400 });
  const [plane, setPlane] = useState(() => fitted(all, width, height));
  const fit = useRef<(wide: number, high: number) => void>(() => undefined);
  fit.current = (wide, high) => {
    setSize({ width: wide, height: high });
    setPlane(fitted(all, wide, high));
  };
  useEffect(() => {
    const element = svg.current;
    if (element === null || typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(([entry]) => {
      const wide = Math.round(entry?.contentRect.width ?? 0);
      if (wide > 0)
        fit.current(wide, Math.round(Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, wide * SHAPE))));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const placeOf = (event: { clientX: number; clientY: number }): readonly [number, number] => {
    const box = svg.current?.getBoundingClientRect();
    if (box === undefined) return [0, 0];
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const start = (event: PointerEvent<SVGSVGElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const target = event.target as SVGElement;
    const { corner, middle } = target.dataset;
    if (corner !== undefined) grip.current = { kind: 'corner', at: Number(corner) };
    else if (middle !== undefined) {
      onEdit({ kind: 'insert', after: Number(middle) });
      grip.current = { kind: 'corner', at: Number(middle) + 1 };
    } else grip.current = { kind: 'plane', from: placeOf(event), plane, moved: false };
  };
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const held = grip.current;
    if (held === null) return;
    const place = placeOf(event);
    if (held.kind === 'corner') {
      onEdit({ kind: 'move', at: held.at, corner: toDegrees(plane, place) });
      return;
    }
    const [dx, dy] = [place[0] - held.from[0], place[1] - held.from[1]];
    if (Math.hypot(dx, dy) > CLICK_PX) held.moved = true;
    if (held.moved) setPlane(pan(held.plane, dx, dy));
  };
  const end = (event: PointerEvent<SVGSVGElement>) => {
    const held = grip.current;
    grip.current = null;
    if (held?.kind === 'plane' && !held.moved) {
      onEdit({ kind: 'add', corner: toDegrees(plane, placeOf(event)) });
    }
  };
  const turned = (event: WheelEvent) => {
    setPlane(zoom(plane, event.deltaY < 0 ? 1.25 : 0.8, placeOf(event)));
  };
  const middle: readonly [number, number] = [width / 2, height / 2];
  const locate = () =>
    navigator.geolocation?.getCurrentPosition(({ coords }) => {
      const { longitude, latitude } = coords;
      setPlane(fitted([[longitude, latitude]], width, height));
    });
  const points = corners.map((corner) => toPoint(plane, corner));
  return (
    <div className={css.canvas}>
      <svg
        ref={svg}
        height={height}
        role="img"
        aria-label={a.zones.drawing(corners.length)}
        onPointerDown={start}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={() => {
          grip.current = null;
        }}
        onWheel={turned}
        data-drawing
      >
        <Grid plane={plane} width={width} height={height} />
        {others.map((zone) => (
          <Neighbour key={zone.slug} zone={zone} plane={plane} />
        ))}
        <polygon className={css.outline} points={joined(points)} />
        {corners.length > 1 &&
          corners.map((corner, at) => {
            const next = corners[(at + 1) % corners.length] ?? corner;
            const [x, y] = toPoint(plane, [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2]);
            // biome-ignore lint/suspicious/noArrayIndexKey: an edge is its place in the outline
            return <circle key={at} className={css.middle} cx={x} cy={y} r={6} data-middle={at} />;
          })}
        {points.map(([x, y], at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a corner is its place in the outline
          <g key={at}>
            <circle className={css.corner} cx={x} cy={y} r={8} />
            <circle className={css.grip} cx={x} cy={y} r={16} data-corner={at} />
          </g>
        ))}
      </svg>
      {corners.length === 0 && <p className={css.first}>{a.zones.drawHint}</p>}
      <div className={css.tools}>
        <Tool label={a.zones.zoomIn} onClick={() => setPlane(zoom(plane, 1.6, middle))} Icon={Plus} />
        <Tool label={a.zones.zoomOut} onClick={() => setPlane(zoom(plane, 1 / 1.6, middle))} Icon={Minus} />
        <Tool label={a.zones.fit} onClick={() => setPlane(fitted(all, width, height))} Icon={Maximize} />
        <Tool label={a.zones.locate} onClick={locate} Icon={LocateFixed} />
      </div>
    </div>
  );
}

function Tool({ label, onClick, Icon }: { label: string; onClick: () => void; Icon: typeof Plus }) {
  return (
    <button type="button" aria-label={label} title={label} onClick={onClick}>
      <Icon size={18} aria-hidden />
    </button>
  );
}

function Neighbour({ zone, plane }: { zone: Zone; plane: Plane }) {
  const points = zone.polygon.map((corner) => toPoint(plane, corner));
  const [x, y] = points[0] ?? [0, 0];
  return (
    <g className={css.neighbour}>
      <polygon points={joined(points)} />
      <text x={x + 6} y={y - 6}>
        {zone.name}
      </text>
    </g>
  );
}

/** Lines of round degrees, some 120 points apart. */
function Grid({ plane, width, height }: { plane: Plane; width: number; height: number }) {
  const [west, north] = toDegrees(plane, [0, 0]);
  const [east, south] = toDegrees(plane, [width, height]);
  const step = niceStep(((east - west) * 120) / width);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const lines = (from: number, to: number) => {
    const first = Math.ceil(from / step);
    const count = Math.min(40, Math.floor(to / step) - first + 1);
    return Array.from({ length: Math.max(0, count) }, (_, place) => (first + place) * step);
  };
  return (
    <g className={css.grid} aria-hidden>
      {lines(west, east).map((lon) => {
        const [x] = toPoint(plane, [lon, north]);
        return (
          <g key={lon}>
            <line x1={x} x2={x} y1={0} y2={height} />
            <text x={x + 4} y={height - 6}>{`${lon.toFixed(digits)}°`}</text>
          </g>
        );
      })}
      {lines(south, north).map((lat) => {
        const [, y] = toPoint(plane, [west, lat]);
        return (
          <g key={lat}>
            <line x1={0} x2={width} y1={y} y2={y} />
            <text x={4} y={y - 4}>{`${lat.toFixed(digits)}°`}</text>
          </g>
        );
      })}
    </g>
  );
}

function niceStep(about: number): number {
  const power = 10 ** Math.floor(Math.log10(about));
  const found = [1, 2, 5, 10].find((times) => times * power >= about);
  return (found ?? 10) * power;
}

function joined(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
}
