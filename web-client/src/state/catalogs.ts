/** Zones and services: read once, kept for as long as the page lives, asked for again when it failed. */
import { Observable } from '../hub/observable';
import { type Rest, RestError } from '../hub/rest';
import type { Service, Zone } from '../wire';

export type CatalogState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly zones: readonly Zone[]; readonly services: readonly Service[] }
  | { readonly kind: 'failed'; readonly code: string };

export class Catalogs {
  readonly state = new Observable<CatalogState>({ kind: 'loading' });
  private asked = false;

  constructor(private readonly rest: Rest) {}

  /** Reads them unless that was done. */
  need(): void {
    if (this.asked) return;
    this.asked = true;
    void this.read();
  }

  again(): void {
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
    }
  }
}
