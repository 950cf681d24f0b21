/** Names the page in the tab and the history. */
import { useEffect } from 'react';
import { useTexts } from './i18n';

export function useTitle(title: string): void {
  const { t } = useTexts();
  useEffect(() => {
    document.title = `${title} · ${t.product}`;
  }, [title, t]);
}
