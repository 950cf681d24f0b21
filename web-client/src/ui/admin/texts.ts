/** The administration's sentences, close at hand. */
import { type Catalog, type Texts, useTexts } from '../i18n';

export function useAdminTexts(): Texts & { readonly a: Catalog['admin'] } {
  const texts = useTexts();
  return { ...texts, a: texts.t.admin };
}
