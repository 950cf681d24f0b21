/**
 * What the device keeps for whoever is signed in: the day as it was last heard, and the actions that are not
 * sent yet. Per account, and gone when they sign out: phones are lent, sold and lost.
 */
import type { Row, Service, Zone } from '../wire';
import type { Entry } from './outbox';

export interface KeptDay {
  readonly account: string;
  /** Server time of the last body that is in it. */
  readonly at: string;
  readonly rows: readonly Row[];
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
}

export interface Keep {
  day(account: string): Promise<KeptDay | null>;
  keepDay(day: KeptDay): Promise<void>;
  entries(account: string): Promise<readonly Entry[]>;
  /** All of these changes, or none. */
  changeEntries(put: readonly Entry[], forget: readonly string[]): Promise<void>;
  /** The day of everybody: nobody is signed in. */
  forgetDays(): Promise<void>;
  /** Everything of everybody but this account; `null` spares nobody. */
  forgetAllBut(account: string | null): Promise<void>;
}

const NAME = 'dispatch-hub.work';
const VERSION = 1;

/** In the browser's database. */
export class BrowserKeep implements Keep {
  private opened: Promise<IDBDatabase> | null = null;

  constructor(private readonly factory: IDBFactory) {}

  async day(account: string): Promise<KeptDay | null> {
    const found = await this.read<KeptDay | undefined>('days', (store) => store.get(account));
    return found ?? null;
  }

  keepDay(day: KeptDay): Promise<void> {
    return this.write(['days'], ([days]) => void days?.put(day));
  }

  entries(account: string): Promise<readonly Entry[]> {
    return this.read('entries', (store) => store.index('account').getAll(account));
  }

  changeEntries(put: readonly Entry[], forget: readonly string[]): Promise<void> {
    return this.write(['entries'], ([entries]) => {
      for (const entry of put) entries?.put(entry);
      for (const id of forget) entries?.delete(id);
    });
  }

  forgetDays(): Promise<void> {
    return this.write(['days'], ([days]) => void days?.clear());
  }

  forgetAllBut(account: string | null): Promise<void> {
    return this.write(['days', 'entries'], (stores) => {
      for (const store of stores) {
        const walk = store.openCursor();
        walk.onsuccess = () => {
          const cursor = walk.result;
          if (cursor === null) return;
          if ((cursor.value as { account: string }).account !== account) cursor.delete();
          cursor.continue();
        };
      }
    });
  }

  private async read<T>(name: string, ask: (store: IDBObjectStore) => IDBRequest): Promise<T> {
    const database = await this.open();
    const request = ask(database.transaction(name, 'readonly').objectStore(name));
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result as T);
      request.onerror = () => reject(request.error);
    });
  }

  private async write(
    names: readonly string[],
    change: (stores: readonly IDBObjectStore[]) => void,
  ): Promise<void> {
    const database = await this.open();
    const transaction = database.transaction(names, 'readwrite', { durability: 'strict' });
    change(names.map((name) => transaction.objectStore(name)));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  }

  private open(): Promise<IDBDatabase> {
    this.opened ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = this.factory.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('days', { keyPath: 'account' });
        request.result.createObjectStore('entries', { keyPath: 'id' }).createIndex('account', 'account');
      };
      request.onsuccess = () => {
        // A later version of this app in another tab, or the browser, wants it for itself.
        request.result.onversionchange = () => this.closed(request.result);
        request.result.onclose = () => this.closed(request.result);
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
    }).catch((error: unknown) => {
      this.opened = null;
      throw error;
    });
    return this.opened;
  }

  private closed(database: IDBDatabase): void {
    database.close();
    this.opened = null;
  }
}

/** For as long as the page lives: where the browser keeps nothing, and in tests. */
export class PageKeep implements Keep {
  private readonly days = new Map<string, KeptDay>();
  private readonly kept = new Map<string, Entry>();

  async day(account: string): Promise<KeptDay | null> {
    return this.days.get(account) ?? null;
  }

  async keepDay(day: KeptDay): Promise<void> {
    this.days.set(day.account, day);
  }

  async entries(account: string): Promise<readonly Entry[]> {
    return [...this.kept.values()].filter((entry) => entry.account === account);
  }

  async changeEntries(put: readonly Entry[], forget: readonly string[]): Promise<void> {
    for (const entry of put) this.kept.set(entry.id, entry);
    for (const id of forget) this.kept.delete(id);
  }

  async forgetDays(): Promise<void> {
    this.days.clear();
  }

  async forgetAllBut(account: string | null): Promise<void> {
    for (const store of [this.days, this.kept]) {
      for (const [key, kept] of store) if (kept.account !== account) store.delete(key);
    }
  }
}
