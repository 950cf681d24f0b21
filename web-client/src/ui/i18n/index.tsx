/** The reader's language: chosen by the browser, changed by hand, kept on this device. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { en } from './en';
import { type Format, makeFormat } from './format';
import { ru } from './ru';

/** The shape of `en` with its literals widened: what every language must say. */
export type Catalog = Widen<typeof en>;
type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widen<T[K]> };

export type Language = 'en' | 'ru';

export interface Texts {
  readonly t: Catalog;
  readonly format: Format;
  readonly language: Language;
  readonly choose: (language: Language) => void;
}

const STORED = 'dispatch-hub.language';
const LOCALES: Record<Language, string> = { en: 'en-GB', ru: 'ru-RU' };
const CATALOGS: Record<Language, Catalog> = { en, ru };

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === 'en' || stored === 'ru') return stored;
  return navigator.language.toLowerCase().startsWith('ru') ? 'ru' : 'en';
}

const Context = createContext<Texts | null>(null);

export function TextsProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(preferred);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const texts = useMemo<Texts>(() => {
    const t = CATALOGS[language];
    return {
      t,
      language,
      format: makeFormat(LOCALES[language], t.common),
      choose: (chosen) => {
        localStorage.setItem(STORED, chosen);
        setLanguage(chosen);
      },
    };
  }, [language]);
  return <Context value={texts}>{children}</Context>;
}

export function useTexts(): Texts {
  const texts = useContext(Context);
  if (texts === null) throw new Error('rendered outside of TextsProvider');
  return texts;
}
