/** Draws the zone and its marks. Cleaners are told apart by shape: an arrow is on the way, a full circle is at
 * work, a ring is free; jobs are squares, hollow where a seat is open. Whoever is late bears a second ring and
 * an exclamation mark, so that colour is never alone. */
import type { CleanerMark, JobMark, Mark, Projection, Surface } from '../../../state/mapping';
import { scaleBar } from '../../../state/mapping';
import type { Zone } from '../../../wire';

export interface Palette {
  readonly ground: string;
  readonly zone: string;
  readonly edge: string;
  readonly text: string;
  readonly quiet: string;
  readonly accent: string;
  readonly assigned: string;
  readonly waits: string;
  readonly enRoute: string;
  readonly active: string;
  readonly risk: string;
  readonly late: string;
}

const VARIABLES: Record<keyof Palette, string> = {
  ground: '--sunken',
  zone: '--surface',
  edge: '--line-strong',
  text: '--text',
  quiet: '--text-3',
  accent: '--accent',
  assigned: '--assigned-rail',
  waits: '--unassigned-rail',
  enRoute: '--en-route-rail',
  active: '--active-rail',
  risk: '--risk-rail',
  late: '--late-rail',
};

/** The theme's colours as the canvas understands them. */
export function paletteOf(element: HTMLElement): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  element.append(probe);
  const colours = Object.entries(VARIABLES).map(([name, variable]) => {
    probe.style.color = `var(${variable})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(colours) as unknown as Palette;
}

export interface Scene {
  readonly zone: Zone;
  readonly surface: Surface;
  readonly projection: Projection;
  readonly marks: readonly Mark[];
  /** The chosen job. */
  readonly chosen: string | null;
  readonly palette: Palette;
  readonly scaleText: (metres: number) => string;
}

export function draw(canvas: CanvasRenderingContext2D, scene: Scene): void {
  const { surface, palette, marks } = scene;
  canvas.clearRect(0, 0, surface.width, surface.height);
  canvas.fillStyle = palette.ground;
  canvas.fillRect(0, 0, surface.width, surface.height);
  drawZone(canvas, scene);
  for (const mark of marks) {
    if (mark.kind === 'job') drawJob(canvas, scene, mark);
    else drawCleaner(canvas, scene, mark);
  }
  drawScale(canvas, scene);
}

function drawZone(canvas: CanvasRenderingContext2D, { zone, projection, palette }: Scene): void {
  canvas.beginPath();
  for (const [lon, lat] of zone.polygon) canvas.lineTo(projection.x(lon), projection.y(lat));
  canvas.closePath();
  canvas.fillStyle = palette.zone;
  canvas.fill();
  canvas.strokeStyle = palette.edge;
  canvas.lineWidth = 2;
  canvas.setLineDash([6, 4]);
  canvas.stroke();
  canvas.setLineDash([]);
}

function drawJob(
  canvas: CanvasRenderingContext2D,
  { projection, palette, chosen }: Scene,
  mark: JobMark,
): void {
  const { job, late } = mark;
  const [x, y] = [Math.round(projection.x(mark.lon)), Math.round(projection.y(mark.lat))];
  const open = job.seats.includes(null);
  const colour =
    late > 0 ? palette.late : job.at_risk ? palette.risk : open ? palette.waits : palette.assigned;
  const half = open || late > 0 || job.at_risk ? 5 : 3;
  canvas.beginPath();
  canvas.rect(x - half, y - half, half * 2, half * 2);
  canvas.fillStyle = open ? palette.zone : colour;
  canvas.fill();
  canvas.strokeStyle = colour;
  canvas.lineWidth = 2;
  canvas.setLineDash(open && late === 0 && !job.at_risk ? [3, 2] : []);
  canvas.stroke();
  canvas.setLineDash([]);
  if (late > 0 || job.at_risk) exclaim(canvas, open ? colour : palette.zone, x, y);
  if (chosen === job.id) ring(canvas, palette.accent, x, y, 11, 3);
}

function drawCleaner(
  canvas: CanvasRenderingContext2D,
  { projection, palette, chosen }: Scene,
  mark: CleanerMark,
): void {
  const [x, y] = [projection.x(mark.lon), projection.y(mark.lat)];
  const colour = mark.old
    ? palette.quiet
    : mark.doing === 'en_route'
      ? palette.enRoute
      : mark.doing === 'on_site'
        ? palette.active
        : palette.text;
  canvas.strokeStyle = palette.zone;
  canvas.lineWidth = 2;
  canvas.fillStyle = colour;
  switch (mark.doing) {
    case 'en_route':
      arrow(canvas, x, y, mark.heading ?? 0);
      canvas.fill();
      canvas.stroke();
      break;
    case 'on_site':
      canvas.beginPath();
      canvas.arc(x, y, 6, 0, 2 * Math.PI);
      canvas.fill();
      canvas.stroke();
      break;
    case 'free':
      canvas.beginPath();
      canvas.arc(x, y, 5, 0, 2 * Math.PI);
      canvas.fillStyle = palette.zone;
      canvas.fill();
      canvas.strokeStyle = colour;
      canvas.stroke();
      break;
    default:
      mark.doing satisfies never;
  }
  if (mark.late > 0) {
    ring(canvas, palette.late, x, y, 10, 2);
    canvas.fillStyle = palette.late;
    canvas.beginPath();
    canvas.arc(x + 9, y - 9, 6, 0, 2 * Math.PI);
    canvas.fill();
    exclaim(canvas, palette.zone, x + 9, y - 9);
  }
  if (chosen !== null && mark.job?.id === chosen) ring(canvas, palette.accent, x, y, 13, 3);
}

function arrow(canvas: CanvasRenderingContext2D, x: number, y: number, heading: number): void {
  const turn = (heading / 180) * Math.PI;
  const corner = (angle: number, far: number) =>
    [x + Math.sin(turn + angle) * far, y - Math.cos(turn + angle) * far] as const;
  canvas.beginPath();
  canvas.moveTo(...corner(0, 9));
  canvas.lineTo(...corner(2.5, 8));
  canvas.lineTo(...corner(Math.PI, 3));
  canvas.lineTo(...corner(-2.5, 8));
  canvas.closePath();
}

function ring(
  canvas: CanvasRenderingContext2D,
  colour: string,
  x: number,
  y: number,
  radius: number,
  width: number,
): void {
  canvas.beginPath();
  canvas.arc(x, y, radius, 0, 2 * Math.PI);
  canvas.strokeStyle = colour;
  canvas.lineWidth = width;
  canvas.stroke();
}

function exclaim(canvas: CanvasRenderingContext2D, colour: string, x: number, y: number): void {
  canvas.fillStyle = colour;
  canvas.fillRect(x - 1, y - 4, 2, 5);
  canvas.fillRect(x - 1, y + 2, 2, 2);
}

function drawScale(
  canvas: CanvasRenderingContext2D,
  { surface, projection, palette, scaleText }: Scene,
): void {
  const { metres, px } = scaleBar(projection.metresPerPx, Math.min(90, surface.width / 3));
  const [left, bottom] = [12, surface.height - 10];
  canvas.strokeStyle = palette.quiet;
  canvas.lineWidth = 2;
  canvas.beginPath();
  canvas.moveTo(left, bottom - 4);
  canvas.lineTo(left, bottom);
  canvas.lineTo(left + px, bottom);
  canvas.lineTo(left + px, bottom - 4);
  canvas.stroke();
  canvas.fillStyle = palette.quiet;
  canvas.font = '11px "Inter Variable", sans-serif';
  canvas.fillText(scaleText(metres), left + 5, bottom - 5);
}
