/** Values that tell their listeners when they have changed; the seam between the hub client and the state
 * layer, which knows about frames and React. */
export class Observable<T> {
  private readonly listeners = new Set<() => void>();

  constructor(protected current: T) {}

  get value(): T {
    return this.current;
  }

  set(next: T): void {
    if (Object.is(next, this.current)) return;
    this.current = next;
    this.tell();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  protected tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

/** Changes that may wait for a look before they are applied without one. */
const AT_MOST = 512;

/** One whose changes are applied when it is looked at, all at once: two thousand changes a second that are
 * looked at sixty times cost sixty applications. */
export class Folded<T, C> extends Observable<T> {
  private waiting: C[] = [];

  constructor(
    current: T,
    private readonly fold: (value: T, changes: readonly C[]) => T,
  ) {
    super(current);
  }

  override get value(): T {
    if (this.waiting.length > 0) {
      const changes = this.waiting;
      this.waiting = [];
      this.current = this.fold(this.current, changes);
    }
    return this.current;
  }

  /** As it was before the changes that wait. */
  get unfolded(): T {
    return this.current;
  }

  override set(next: T): void {
    this.waiting = [];
    super.set(next);
  }

  change(change: C): void {
    this.waiting.push(change);
    if (this.waiting.length >= AT_MOST) void this.value;
    this.tell();
  }
}
