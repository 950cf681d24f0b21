/** What part of the timeline is in sight, as far as it matters for which rows are in the page. */
import { useLayoutEffect, useState } from 'react';

export interface Viewport {
  readonly width: number;
  readonly height: number;
  /** To a whole number of rows, so that scrolling within a row draws nothing anew. */
  readonly top: number;
}

export function useViewport(element: { readonly current: HTMLElement | null }, rowPx: number): Viewport {
  const [port, setPort] = useState<Viewport>({ width: 0, height: 0, top: 0 });
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    const read = () => {
      const top = Math.floor(target.scrollTop / rowPx) * rowPx;
      const next = { width: target.clientWidth, height: target.clientHeight, top };
      setPort((known) =>
        known.width === next.width && known.height === next.height && known.top === top ? known : next,
      );
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(target);
    target.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      target.removeEventListener('scroll', read);
    };
  }, [element, rowPx]);
  return port;
}
