/**
 * Tells the hub where this phone is: only with the cleaner's consent, only at work, and gathered over gaps
 * of the network. Who may see it is the server's part.
 */
import type { HubClient } from '../hub/client';
import type { ServerClock } from '../hub/clock';
import { Observable } from '../hub/observable';
import { due, fixOf, gathered, NOTHING_GATHERED, sent } from '../hub/whereabouts';

/** `unasked` until the cleaner has decided. */
export type Consent = 'unasked' | 'given' | 'refused';

export type Reporting =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly accuracyM: number | null }
  /** The phone or its browser says no. */
  | { readonly kind: 'blocked' };

interface ReportsWorld {
  readonly account: string;
  readonly hub: Pick<HubClient, 'tell'>;
  readonly clock: ServerClock;
  readonly geolocation: Geolocation | undefined;
  readonly storage: Storage;
}

const FLUSH_EVERY_MS = 5_000;
const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 10_000, timeout: 60_000 };
const PERMISSION_DENIED = 1;

export class PositionReports {
  readonly consent: Observable<Consent>;
  readonly reporting = new Observable<Reporting>({ kind: 'off' });
  private atWork = false;
  private known = NOTHING_GATHERED;
  private watching: { readonly id: number; readonly timer: ReturnType<typeof setInterval> } | null = null;
  private sending = false;

  constructor(private readonly world: ReportsWorld) {
    const stored = world.storage.getItem(this.key());
    this.consent = new Observable<Consent>(stored === 'given' || stored === 'refused' ? stored : 'unasked');
  }

  /** False where the device cannot tell where it is. */
  get isPossible(): boolean {
    return this.world.geolocation !== undefined;
  }

  decide(consent: 'given' | 'refused'): void {
    this.world.storage.setItem(this.key(), consent);
    this.consent.set(consent);
    this.adjust();
  }

  /** Whether the cleaner is at work now. */
  setAtWork(atWork: boolean): void {
    this.atWork = atWork;
    this.adjust();
  }

  close(): void {
    this.stop();
  }

  /** Forgets what was decided: somebody else may be the next. */
  forget(): void {
    this.stop();
    this.world.storage.removeItem(this.key());
  }

  private key(): string {
    return `dispatch-hub.position.${this.world.account}`;
  }

  private adjust(): void {
    const wanted = this.atWork && this.consent.value === 'given';
    if (!wanted) this.stop();
    else if (this.watching === null) this.begin();
  }

  private begin(): void {
    const { geolocation } = this.world;
    if (geolocation === undefined) return;
    this.reporting.set({ kind: 'on', accuracyM: null });
    const id = geolocation.watchPosition(
      (position) => this.read(position),
      ({ code }) => {
        if (code !== PERMISSION_DENIED) return;
        this.stop();
        this.reporting.set({ kind: 'blocked' });
      },
      OPTIONS,
    );
    this.watching = { id, timer: setInterval(() => void this.flush(), FLUSH_EVERY_MS) };
  }

  private stop(): void {
    this.known = NOTHING_GATHERED;
    if (this.watching !== null) {
      this.world.geolocation?.clearWatch(this.watching.id);
      clearInterval(this.watching.timer);
      this.watching = null;
    }
    this.reporting.set({ kind: 'off' });
  }

  private read(position: GeolocationPosition): void {
    if (this.watching === null) return;
    this.known = gathered(this.known, fixOf(position, this.world.clock.now(), Date.now()));
    this.reporting.set({ kind: 'on', accuracyM: Math.round(position.coords.accuracy) });
    void this.flush();
  }

  private async flush(): Promise<void> {
    const fixes = due(this.known, this.world.clock.now());
    if (fixes.length === 0 || this.sending) return;
    this.sending = true;
    const outcome = await this.world.hub.tell('location.report', { fixes: [...fixes] });
    this.sending = false;
    // Without an answer they are told again; an objection to them would be the same the next time.
    const tryAgain =
      outcome === null || (outcome.outcome === 'refused' && outcome.code !== 'invalid_argument');
    if (!tryAgain) this.known = sent(this.known, fixes, this.world.clock.now());
  }
}
