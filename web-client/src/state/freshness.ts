/**
 * How far what is shown can be trusted, out of how the connection stands and what was heard when: what the
 * pill says, and whether the board still moves anything before the server has said so. Pure.
 */
import type { Link } from '../hub/client';

export interface Heard {
  readonly link: Link;
  /** By the server's clock. */
  readonly now: number;
  /** How late the latest messages were. */
  readonly lagMs: number;
  /** Since the last message of any kind. */
  readonly silentMs: number;
}

export type Freshness =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly rttMs: number | null }
  | { readonly kind: 'behind'; readonly ms: number }
  | { readonly kind: 'catching_up' }
  | { readonly kind: 'reconnecting'; readonly forMs: number }
  | { readonly kind: 'offline'; readonly since: number }
  | { readonly kind: 'stopped' };

/** Messages that took longer are worth telling. */
const BEHIND_MS = 1_000;
/** Presence is told every five seconds, so longer silence means that nothing gets through. */
export const SILENT_MS = 8_000;
/** Without data for so long the board pales, and asks before it moves anything. */
export const PALE_MS = 10_000;
/** And says what time it shows. */
export const BANNER_MS = 60_000;

export function freshness({ link, now, lagMs, silentMs }: Heard): Freshness {
  switch (link.kind) {
    case 'connecting':
    case 'catching_up':
      return { kind: link.kind };
    case 'stopped':
      return { kind: 'stopped' };
    case 'reconnecting':
      return { kind: 'reconnecting', forMs: Math.max(0, now - link.since) };
    case 'offline':
      return { kind: 'offline', since: link.since };
    case 'live':
      if (silentMs >= SILENT_MS) return { kind: 'behind', ms: silentMs };
      return lagMs >= BEHIND_MS ? { kind: 'behind', ms: lagMs } : { kind: 'live', rttMs: link.rttMs };
    default:
      return link satisfies never;
  }
}

export type Trust = 'full' | 'pale' | 'stale';

/** For how long nothing that is shown can have been new. */
export function trust({ silentMs }: Pick<Heard, 'silentMs'>): Trust {
  if (silentMs >= BANNER_MS) return 'stale';
  return silentMs >= PALE_MS ? 'pale' : 'full';
}
