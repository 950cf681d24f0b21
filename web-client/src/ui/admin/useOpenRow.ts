/** Which row's form is open: in the address, so that it can be linked to and left by going back. */
import { navigate, useSearch } from '../router';

export interface OpenRow {
  /** `new` for one that is not there yet. */
  readonly id: string | null;
  readonly show: (id: string, more?: Readonly<Record<string, string>>) => void;
  readonly close: () => void;
  /** For when a form is through: the list is read anew, then it closes. */
  readonly saved: (reload: () => Promise<unknown>) => (changed: boolean) => void;
}

export function useOpenRow(parameter = 'edit'): OpenRow {
  const search = useSearch();
  const go = (id: string | null, more: Readonly<Record<string, string>> = {}) => {
    const next = new URLSearchParams(window.location.search);
    if (id === null) next.delete(parameter);
    else next.set(parameter, id);
    for (const [name, value] of Object.entries(more)) next.set(name, value);
    const text = next.toString();
    const to = window.location.pathname + (text === '' ? '' : `?${text}`);
    navigate(to, id === null ? 'replace' : 'push');
  };
  const close = () => go(null);
  return {
    id: search.get(parameter),
    show: (id, more) => go(id, more),
    close,
    saved: (reload) => (changed) => {
      close();
      if (changed) void reload();
    },
  };
}
