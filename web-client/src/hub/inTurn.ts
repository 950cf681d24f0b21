/** One tab at a time, where the browser can arrange that. */
export function inTurn<T>(name: string, task: () => Promise<T>): Promise<T> {
  const locks: LockManager | null | undefined = typeof navigator === 'undefined' ? null : navigator.locks;
  return locks == null ? task() : locks.request(name, task);
}
