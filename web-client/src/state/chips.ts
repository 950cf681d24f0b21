/**
 * What the list of times shows while it changes under the reader's eyes. A start that goes stays in its
 * place, struck, for two seconds, and longer while the list is being pointed at: nothing moves under a
 * finger, so neither do new starts come in before it is gone.
 */
import type { Openings } from './availability';

export interface Chip {
  readonly start: number;
  readonly left: number;
  /** When it was seen to go; `null` while it can be chosen. */
  readonly goneAt: number | null;
}

export const STRUCK_MS = 2_000;

export function advanceChips(
  chips: readonly Chip[],
  open: Openings,
  now: number,
  pointedAt: 'pointed at' | 'left alone',
): readonly Chip[] {
  const still = pointedAt === 'pointed at' && chips.length > 0;
  const kept = chips.flatMap((chip) => {
    const left = open.get(chip.start);
    if (left !== undefined) {
      return left === chip.left && chip.goneAt === null ? [chip] : [{ ...chip, left, goneAt: null }];
    }
    const goneAt = chip.goneAt ?? now;
    if (!still && now - goneAt >= STRUCK_MS) return [];
    return chip.goneAt === null ? [{ ...chip, goneAt }] : [chip];
  });
  const known = new Set(chips.map((chip) => chip.start));
  const fresh = still ? [] : [...open].filter(([start]) => !known.has(start));
  const next = [...kept, ...fresh.map(([start, left]) => ({ start, left, goneAt: null }))];
  next.sort((a, b) => a.start - b.start);
  return next.length === chips.length && next.every((chip, i) => chip === chips[i]) ? chips : next;
}
