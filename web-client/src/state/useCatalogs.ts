/** Zones and services for the screens. */
import { useEffect } from 'react';
import type { CatalogState } from './catalogs';
import { useObservable, useServices } from './services';

export function useCatalogs(): CatalogState & { readonly retry: () => void } {
  const { catalogs } = useServices();
  useEffect(() => catalogs.need(), [catalogs]);
  const state = useObservable(catalogs.state);
  return { ...state, retry: () => catalogs.again() };
}
