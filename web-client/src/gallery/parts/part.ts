/** A part as the gallery shows it. */
import type { ComponentType } from 'react';

export interface Part {
  readonly Shown: ComponentType;
  /** Covers its page, or stands at its edge: shown in a frame of its own. */
  readonly framed?: boolean;
  /** There once it is drawn; anything at all, where it is absent. */
  readonly shows?: string;
}
