/** What rows and bars of the timeline stand on: the same objects for as long as the timeline is shown, so
 * that a row is drawn anew for what is on it and for nothing else. */
import { Observable } from '../../hub/observable';
import type { BoardStore } from '../../state/boardStore';
import type { Desk } from '../../state/desk';
import type { Service } from '../../wire';
import type { Drag } from './useDrag';

export interface Stage {
  readonly desk: Desk;
  readonly store: BoardStore;
  readonly timeZone: string;
  readonly services: readonly Service[];
  readonly me: string;
  readonly begin: Drag['begin'];
  readonly flashes: FlashGate;
  /** The cell of the grid that the keyboard is on. */
  readonly cursor: Observable<Cell | null>;
}

/** A row's header, or with a bar that bar. */
export interface Cell {
  readonly cleaner: string;
  readonly bar: string | null;
}

export const barKey = (job: string, seat: number): string => `${job} ${seat}`;

/** How the timeline is drawn. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly hourPx: number;
  readonly rowPx: number;
}

const HOUR = 3_600_000;

export const pxOf = (scale: Scale, at: number): number => ((at - scale.from) / HOUR) * scale.hourPx;

export const serviceName = (services: readonly Service[], slug: string): string =>
  services.find((service) => service.slug === slug)?.name ?? slug;

const CALM = 12;
const WINDOW_MS = 1_000;

/** Changes by others flash as long as one can follow them; beyond that they are counted. */
export class FlashGate {
  /** Visible changes in the last second, while there are too many to flash. */
  readonly crowd = new Observable<number | null>(null);
  private seen: number[] = [];
  private calming: ReturnType<typeof setTimeout> | null = null;

  /** Notes a visible change; whether it may flash. */
  note(now = performance.now()): boolean {
    this.seen = this.seen.filter((at) => now - at < WINDOW_MS);
    this.seen.push(now);
    if (this.seen.length <= CALM) return true;
    if (this.calming === null) this.tell();
    return false;
  }

  private tell(): void {
    const now = performance.now();
    this.seen = this.seen.filter((at) => now - at < WINDOW_MS);
    const crowded = this.seen.length > CALM;
    this.crowd.set(crowded ? this.seen.length : null);
    this.calming = crowded ? setTimeout(() => this.tell(), WINDOW_MS) : null;
  }
}
