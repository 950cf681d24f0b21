/** One tab at a time, where the browser can arrange that. */
export function inTurn<T>(name: string, task: () => Promise<T>): Promise<T> {
  const locks: LockManager | null | undefined = typeof navigator === 'undefined' ? null : navigator.locks;
  if (locks == null) return task();
  let begun = false;
  const begin = () => {
    begun = true;
    return task();
  };
  // Where storage is blocked, so are locks; then there is no other tab to take turns with either.
  return locks.request(name, begin).catch((error: unknown) => {
    if (begun) throw error;
    return task();
  });
}
