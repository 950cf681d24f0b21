/** Lists that do not move under the pointer: while it is down they stay as they were, and take up what has
 * come in between when it is let go. */
import { useEffect, useRef, useState } from 'react';

/** The list as it is shown; how many there are that are not in it yet. */
export function useSteady<T>(list: readonly T[], held: boolean): readonly T[] {
  const shown = useRef(list);
  if (!held) shown.current = list;
  return shown.current;
}

/** Whether a pointer is down anywhere on the page. */
export function usePointerDown(): boolean {
  const [down, setDown] = useState(false);
  useEffect(() => {
    const pressed = () => setDown(true);
    const released = () => setDown(false);
    window.addEventListener('pointerdown', pressed, true);
    window.addEventListener('pointerup', released, true);
    window.addEventListener('pointercancel', released, true);
    return () => {
      window.removeEventListener('pointerdown', pressed, true);
      window.removeEventListener('pointerup', released, true);
      window.removeEventListener('pointercancel', released, true);
    };
  }, []);
  return down;
}
