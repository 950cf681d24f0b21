/**
 * Listeners called once per animation frame, however often they were told: five hundred changes a second
 * cost sixty renders. Where no frames are drawn (a hidden tab) a timer takes over.
 */
const waiting = new Set<() => void>();
let scheduled = false;
const HIDDEN_MS = 120;

export function onNextFrame(listener: () => void): void {
  waiting.add(listener);
  if (scheduled) return;
  scheduled = true;
  let ran = false;
  const run = () => {
    if (ran) return;
    ran = true;
    clearTimeout(timer);
    scheduled = false;
    const due = [...waiting];
    waiting.clear();
    for (const call of due) call();
  };
  const timer = setTimeout(run, HIDDEN_MS);
  requestAnimationFrame(run);
}

/** Forgets a listener that is no longer interested. */
export function cancelFrame(listener: () => void): void {
  waiting.delete(listener);
}
