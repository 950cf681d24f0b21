/** Paths within one part of the product; between parts the browser loads anew, with another session. */
import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react';

/** Inside another site's frame everything lies below this path: `ui/embed`. */
const EMBED = '/embed';

function baseOf(pathname: string): string {
  return pathname === EMBED || pathname.startsWith(`${EMBED}/`) ? EMBED : '';
}

/** A path of the product as this page's address has it. */
function located(path: string): string {
  const base = baseOf(window.location.pathname);
  if (base === '' || baseOf(path) !== '') return path;
  return path === '/' ? base : base + path;
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let guard: (() => boolean) | null = null;

/** Asks before the browser's back and forward are followed: `true` stays. Listeners of the window are called
 * in the order in which they came, so a later one of its own would be too late. */
export function guardLeaving(stays: () => boolean): () => void {
  guard = stays;
  return () => {
    if (guard === stays) guard = null;
  };
}

window.addEventListener('popstate', () => {
  if (guard?.() === true) return;
  for (const listener of [...listeners]) listener();
});

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', located(to));
  else history.replaceState(null, '', located(to));
  for (const listener of [...listeners]) listener();
  if (how === 'push') window.scrollTo(0, 0);
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, currentPath);
}

function currentPath(): string {
  const { pathname } = window.location;
  return pathname.slice(baseOf(pathname).length) || '/';
}

export function useSearch(): URLSearchParams {
  const search = useSyncExternalStore(subscribe, () => window.location.search);
  return new URLSearchParams(search);
}

/** Sets or, with `null`, removes parameters of the query, without a new entry in the history. */
export function setSearch(changes: Readonly<Record<string, string | null>>): void {
  const search = new URLSearchParams(window.location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) search.delete(key);
    else search.set(key, value);
  }
  const text = search.toString();
  navigate(window.location.pathname + (text === '' ? '' : `?${text}`), 'replace');
}

export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || modified || event.button !== 0) return;
    event.preventDefault();
    navigate(href);
  };
  return <a {...rest} href={located(href)} onClick={follow} />;
}
