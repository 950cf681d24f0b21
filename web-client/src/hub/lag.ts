/**
 * How far this page is behind the server: each message says when it was written, and the server's clock is
 * known here, so the difference is what the way and the waiting took. And how long nothing has been heard.
 * Local times are monotonic; no timer, whoever wants to know asks.
 */
interface Heard {
  /** By the local clock. */
  readonly at: number;
  readonly lagMs: number;
}

const KEPT = 200;
/** What was heard longer ago says nothing of now. */
const RECENT_MS = 4_000;

export class LagMeter {
  private readonly heard: Heard[] = [];
  private last: number;

  constructor(private readonly local: () => number) {
    this.last = local();
  }

  /** A message that was written at `writtenAt`, by the server's clock, has been heard when that showed `now`. */
  note(writtenAt: string, now: number): void {
    this.last = this.local();
    const written = Date.parse(writtenAt);
    if (Number.isNaN(written)) return;
    this.heard.push({ at: this.last, lagMs: Math.max(0, now - written) });
    if (this.heard.length > KEPT) this.heard.shift();
  }

  /** The worst of the last seconds; 0 where nothing was heard in them. */
  recentMs(): number {
    const since = this.local() - RECENT_MS;
    return this.heard.reduce((worst, { at, lagMs }) => (at >= since ? Math.max(worst, lagMs) : worst), 0);
  }

  /** Of twenty messages nineteen were faster; `null` before any was heard. */
  p95Ms(): number | null {
    if (this.heard.length === 0) return null;
    const sorted = this.heard.map(({ lagMs }) => lagMs).sort((a, b) => a - b);
    return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? null;
  }

  /** Since the last message. */
  silentMs(): number {
    return this.local() - this.last;
  }
}
