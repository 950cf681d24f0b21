/**
 * What this device keeps for us. A page inside another site's frame, or one whose reader has blocked
 * storage, may be refused it: then it is kept for as long as the page lives.
 */
class Memory implements Storage {
  private readonly kept = new Map<string, string>();

  get length(): number {
    return this.kept.size;
  }

  clear(): void {
    this.kept.clear();
  }

  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }

  key(index: number): string | null {
    return [...this.kept.keys()][index] ?? null;
  }

  removeItem(key: string): void {
    this.kept.delete(key);
  }

  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

/** The browser's storage, where it lets us write to it. */
export function storageOf(page: { readonly localStorage: Storage }): Storage {
  const probe = 'dispatch-hub.probe';
  try {
    const storage = page.localStorage;
    storage.setItem(probe, probe);
    storage.removeItem(probe);
    return storage;
  } catch {
    return new Memory();
  }
}

export const deviceStorage: Storage = storageOf(window);
