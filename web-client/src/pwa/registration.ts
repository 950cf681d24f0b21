/**
 * The page's side of the service worker: brings it, looks for a newer version now and then, and tells when
 * one waits. It takes over when somebody says so, and the page that was told loads again; no page ever
 * loads again by itself.
 */
import { Observable } from '../hub/observable';

export interface Update {
  /** Lets the new version take over, and loads the page again. */
  take(): void;
}

const LOOK_EVERY_MS = 30 * 60_000;

export class AppVersion {
  /** A version that waits; `null` where this one is the newest known. */
  readonly update = new Observable<Update | null>(null);
  private lookedAt = 0;

  constructor(
    private readonly container: ServiceWorkerContainer | undefined,
    private readonly reload: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Without a service worker the app works as any page does: with a network. */
  async start(script: string, scope: string): Promise<void> {
    const { container } = this;
    if (container === undefined) return;
    try {
      const registration = await container.register(script, { scope });
      this.lookedAt = this.now();
      this.follow(registration, container);
      document.addEventListener('visibilitychange', () => this.look(registration));
      window.addEventListener('online', () => this.look(registration));
    } catch {
      // Blocked by the browser's settings, or no secure connection.
    }
  }

  private follow(registration: ServiceWorkerRegistration, container: ServiceWorkerContainer): void {
    this.offer(registration.waiting, container);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => {
        // Without a controller this is the first version, and takes over by itself.
        if (worker.state === 'installed' && container.controller !== null) this.offer(worker, container);
      });
    });
  }

  private offer(worker: ServiceWorker | null, container: ServiceWorkerContainer): void {
    if (worker === null) return;
    this.update.set({
      take: () => {
        container.addEventListener('controllerchange', () => this.reload(), { once: true });
        worker.postMessage('take-over');
      },
    });
  }

  private look(registration: ServiceWorkerRegistration): void {
    if (document.visibilityState === 'hidden' || this.now() - this.lookedAt < LOOK_EVERY_MS) return;
    this.lookedAt = this.now();
    registration.update().catch(() => undefined);
  }
}
