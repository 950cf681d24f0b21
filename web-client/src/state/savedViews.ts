/** Filters that somebody keeps by name on this device. */

import { Observable } from '../hub/observable';
import { deviceStorage } from './deviceStorage';
import { type Filter, filterFrom, searchOf } from './filter';

export interface SavedView {
  readonly name: string;
  readonly filter: Filter;
}

const KEY = 'dispatch-hub.views';
const AT_MOST = 30;
export const LONGEST_NAME = 40;

interface Kept {
  readonly name: string;
  readonly search: string;
}

export class SavedViews {
  readonly list: Observable<readonly SavedView[]>;

  constructor(private readonly storage: Storage) {
    this.list = new Observable(this.read());
  }

  /** Under a name that is there already it replaces what was there. */
  save(name: string, filter: Filter): void {
    const named = name.trim().slice(0, LONGEST_NAME);
    if (named === '') return;
    const others = this.list.value.filter((view) => view.name !== named);
    this.keep([...others, { name: named, filter }].slice(-AT_MOST));
  }

  remove(name: string): void {
    this.keep(this.list.value.filter((view) => view.name !== name));
  }

  private keep(views: readonly SavedView[]): void {
    const kept = views.map(({ name, filter }): Kept => ({ name, search: textOf(filter) }));
    this.storage.setItem(KEY, JSON.stringify(kept));
    this.list.set(views);
  }

  private read(): readonly SavedView[] {
    try {
      const kept: unknown = JSON.parse(this.storage.getItem(KEY) ?? '[]');
      if (!Array.isArray(kept)) return [];
      return kept.filter(isKept).map(({ name, search }) => ({
        name,
        filter: filterFrom(new URLSearchParams(search)),
      }));
    } catch {
      return [];
    }
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'name' in value && typeof value.name === 'string' && 'search' in value && typeof value.search === 'string'
  );
}

function textOf(filter: Filter): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(searchOf(filter))) if (value !== null) search.set(key, value);
  return search.toString();
}

export const savedViews = new SavedViews(deviceStorage);
