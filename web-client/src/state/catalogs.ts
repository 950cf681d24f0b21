/** Zones and services: read once, kept for as long as the page lives, asked for again when it failed. */
import { Observable } from '../hub/observable';
import { type Rest, RestError } from '../hub/rest';
import type { Service, Zone } from '../wire';

export type CatalogState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly zones: readonly Zone[]; readonly services: readonly Service[] }
  | { readonly kind: 'failed'; readonly code: string };

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

export class Catalogs {
  readonly state = new Observable<CatalogState>({ kind: 'loading' });
  private asked = false;
  private later: ReturnType<typeof setTimeout> | null = null;
  private failures = 0;

  constructor(private readonly rest: Rest) {}

  /** Reads them unless that was done. */
  need(): void {
    if (this.asked) return;
    this.asked = true;
    void this.read();
  }

  again(): void {
    if (this.later !== null) clearTimeout(this.later);
    this.state.set({ kind: 'loading' });
    void this.read();
  }

  private async read(): Promise<void> {
    try {
      const [zones, services] = await Promise.all([
        this.rest.get<Zone[]>('/api/v1/zones'),
        this.rest.get<Service[]>('/api/v1/services'),
      ]);
      this.state.set({ kind: 'ready', zones, services });
    } catch (error) {
      this.state.set({ kind: 'failed', code: error instanceof RestError ? error.code : 'unreachable' });
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.failures++, LONGEST_PAUSE_MS);
      this.later = setTimeout(() => void this.read(), pause);
    }
  }
}
