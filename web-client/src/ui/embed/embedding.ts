/**
 * The booking page inside another site's frame: what that site said of it, and what it is told in turn.
 * The site is told by messages to its origin only; nothing is taken from it but what the address says.
 * `public/embed.js` is the other end.
 */
import { accentTokens } from './accent';

export interface Embedding {
  /** The origin of the page around us, to which alone messages go. */
  readonly host: string;
  readonly accent: string | null;
  readonly language: 'en' | 'ru' | null;
  readonly theme: 'light' | 'dark' | null;
}

/** What we tell the page around us. */
export type Told =
  | { readonly type: 'dispatch-hub.height'; readonly height: number }
  | { readonly type: 'dispatch-hub.booked'; readonly booking: string };

export function readEmbedding(location: Pick<Location, 'pathname' | 'search'>): Embedding | null {
  if (location.pathname !== '/embed' && !location.pathname.startsWith('/embed/')) return null;
  const said = new URLSearchParams(location.search);
  const [language, theme] = [said.get('lang'), said.get('theme')];
  return {
    host: originOf(said.get('host') ?? ''),
    accent: said.get('accent'),
    language: language === 'en' || language === 'ru' ? language : null,
    theme: theme === 'light' || theme === 'dark' ? theme : null,
  };
}

/** Nothing but an origin; without one nobody is told anything. */
function originOf(text: string): string {
  try {
    const { origin, protocol } = new URL(text);
    return protocol === 'https:' || protocol === 'http:' ? origin : '';
  } catch {
    return '';
  }
}

/** Read once: the address changes while somebody books. */
export const embedding: Embedding | null = readEmbedding(window.location);

export function beEmbedded({ accent }: Embedding): void {
  const root = document.documentElement;
  root.dataset.embedded = '';
  const tokens = accent === null ? null : accentTokens(accent);
  for (const [name, value] of Object.entries(tokens ?? {})) root.style.setProperty(name, value);
  const content = document.getElementById('root');
  if (content === null) return;
  const told = () =>
    tell({ type: 'dispatch-hub.height', height: Math.ceil(content.getBoundingClientRect().height) });
  new ResizeObserver(told).observe(content);
}

export function tellBooked(booking: string): void {
  tell({ type: 'dispatch-hub.booked', booking });
}

function tell(message: Told): void {
  if (embedding === null || embedding.host === '' || window.parent === window) return;
  window.parent.postMessage(message, embedding.host);
}
