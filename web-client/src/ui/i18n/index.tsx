/** The reader's language: chosen by the browser, changed by hand, kept on this device. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { usePath } from '../router';
import { type Catalog, type Language, partsOfPath } from './catalog';
import { type Format, makeFormat } from './format';
import { keepLanguage, load, type Said } from './load';

export type { Catalog, Language } from './catalog';

export interface Texts {
  readonly t: Catalog;
  readonly format: Format;
  readonly language: Language;
  readonly choose: (language: Language) => void;
}

const LOCALES: Record<Language, string> = { en: 'en-GB', ru: 'ru-RU' };
const Context = createContext<Texts | null>(null);

/** `said` is loaded before the first render: nobody sees a sentence in the wrong language, or none. */
export function TextsProvider({ said: first, children }: { said: Said; children: ReactNode }) {
  const [said, setSaid] = useState(first);
  const path = usePath();
  useEffect(() => {
    document.documentElement.lang = said.language;
  }, [said]);
  const texts = useMemo<Texts>(
    () => ({
      ...said,
      format: makeFormat(LOCALES[said.language], said.t.common),
      choose: (chosen) => {
        keepLanguage(chosen);
        // Where the other language cannot be had now, the page stays as it is until it is loaded anew.
        load(chosen, partsOfPath(path)).then(setSaid, () => undefined);
      },
    }),
    [said, path],
  );
  return <Context value={texts}>{children}</Context>;
}

export function useTexts(): Texts {
  const texts = useContext(Context);
  if (texts === null) throw new Error('rendered outside of TextsProvider');
  return texts;
}
