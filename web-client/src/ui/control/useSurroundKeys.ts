/** Keys of what surrounds the timeline: the palette from anywhere, and single keys of its commands. Those
 * rest while somebody types or a dialog is open, and can be turned off. */
import { useEffect, useRef } from 'react';
import type { PaletteCommand } from './palette/items';
import { useSurround } from './useSurround';

/** Single keys that are heard here; the other commands' keys are the timeline's. */
const OWN = new Set(['F', 'X', '1', '2', '3']);

export function useSurroundKeys(commands: readonly PaletteCommand[]): void {
  const { open, keysOn } = useSurround();
  const current = useRef(commands);
  current.current = commands;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const key = event.key.toUpperCase();
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && key === 'K') {
        if (document.querySelector('dialog[open]') !== null) return;
        event.preventDefault();
        open('palette');
        return;
      }
      if (!keysOn || !OWN.has(key) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isBusy(event.target)) return;
      const command = current.current.find(({ keys }) => keys === key);
      if (command === undefined) return;
      event.preventDefault();
      command.run();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [open, keysOn]);
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}
