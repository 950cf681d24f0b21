/**
 * The server's clock as this device can know it. Every observation says that the server's time was
 * within some bounds between two local instants; the offsets that agree with all observations form an
 * interval, and its middle is the estimate. Local time is monotonic, so a changed wall clock cannot
 * move a countdown; a device that slept contradicts the interval and starts it anew.
 */
export interface Observation {
  /** Server time lay in this range (ms of the epoch) … */
  readonly earliest: number;
  readonly latest: number;
  /** … at some instant between these two of the local clock. */
  readonly sent: number;
  readonly received: number;
}

export interface Offsets {
  readonly low: number;
  readonly high: number;
}

const UNKNOWN: Offsets = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
/** Two clocks on the server's side (the application's, the database's) may differ by this much. */
const TOLERANCE_MS = 50;

/** The offsets (server minus local) that agree with `known` and with the observation. */
export function narrow(known: Offsets, seen: Observation): Offsets {
  const low = seen.earliest - seen.received;
  const high = seen.latest - seen.sent;
  const both = { low: Math.max(known.low, low), high: Math.min(known.high, high) };
  if (both.low <= both.high) return both;
  if (both.low - both.high <= TOLERANCE_MS) return { low: both.high, high: both.low };
  return { low, high };
}

/** The best single guess; the device's own clock where nothing better is known. */
export function estimate({ low, high }: Offsets, fallback: number): number {
  if (low === Number.NEGATIVE_INFINITY) return Math.min(fallback, high);
  if (high === Number.POSITIVE_INFINITY) return Math.max(fallback, low);
  return Math.min(Math.max((low + high) / 2, low), high);
}

export class ServerClock {
  private offsets = UNKNOWN;

  constructor(
    private readonly monotonic: () => number = () => performance.timeOrigin + performance.now(),
    private readonly wall: () => number = () => Date.now(),
  ) {}

  local(): number {
    return this.monotonic();
  }

  observe(seen: Observation): void {
    this.offsets = narrow(this.offsets, seen);
  }

  /** A message that bears its time was received just now: the server's clock is not behind it. */
  observeMessage(at: string): void {
    const earliest = Date.parse(at);
    if (Number.isNaN(earliest)) return;
    const received = this.local();
    this.offsets = narrow(this.offsets, {
      earliest,
      latest: Number.POSITIVE_INFINITY,
      sent: received,
      received,
    });
  }

  /** An HTTP response's `Date`: whole seconds, rounded down. */
  observeDate(header: string | null, sent: number): void {
    const earliest = header === null ? Number.NaN : Date.parse(header);
    if (Number.isNaN(earliest)) return;
    this.observe({ earliest, latest: earliest + 1000, sent, received: this.local() });
  }

  /** Milliseconds of the epoch by the server's clock. */
  now(): number {
    const local = this.local();
    return local + estimate(this.offsets, this.wall() - local);
  }
}
