/** How the gallery is looked at: language, theme and size of text, in its address and that of every frame. */
import type { Language } from '../ui/i18n';
import { partsOfPath } from '../ui/i18n/catalog';
import { load, type Said } from '../ui/i18n/load';
import type { Theme } from '../ui/theme';

export type TextSize = 'normal' | 'large' | 'huge';

export interface Look {
  readonly language: Language;
  readonly theme: Theme;
  readonly text: TextSize;
}

const PERCENT: Record<TextSize, string> = { normal: '100%', large: '130%', huge: '200%' };

export function lookOf(search: URLSearchParams): Look {
  const [theme, text] = [search.get('theme'), search.get('text')];
  return {
    language: search.get('language') === 'ru' ? 'ru' : 'en',
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
    text: text === 'large' || text === 'huge' ? text : 'normal',
  };
}

export function addressOf(look: Look, screen: string, state: string): string {
  return `/gallery.html?${new URLSearchParams({ ...look, screen, state })}`;
}

export function applyTextSize(text: TextSize): void {
  document.documentElement.style.fontSize = PERCENT[text];
}

/** All that any screen says. */
export function sayEverything(language: Language): Promise<Said> {
  const parts = ['/', '/work', '/control', '/admin'].flatMap((path) => partsOfPath(path));
  return load(language, [...new Set(parts)]);
}
