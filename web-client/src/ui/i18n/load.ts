/** Brings the sentences of one language that a page needs, and knows which language its reader prefers. */
import { deviceStorage } from '../../state/deviceStorage';
import { embedding } from '../embed/embedding';
import type { Catalog, Language, Part } from './catalog';

/** What is loaded together: a language, and what it says on this page. Other parts are not there. */
export interface Said {
  readonly language: Language;
  readonly t: Catalog;
}

type Load = () => Promise<object>;

const LOADS: Record<Language, Record<'core' | Part, Load>> = {
  en: {
    core: () => import('./en/core'),
    customer: () => import('./en/customer'),
    work: () => import('./en/work'),
    control: () => import('./en/control'),
    room: () => import('./en/room'),
    timeline: () => import('./en/timeline'),
    signIn: () => import('./en/signIn'),
    admin: () => import('./en/admin'),
  },
  ru: {
    core: () => import('./ru/core'),
    customer: () => import('./ru/customer'),
    work: () => import('./ru/work'),
    control: () => import('./ru/control'),
    room: () => import('./ru/room'),
    timeline: () => import('./ru/timeline'),
    signIn: () => import('./ru/signIn'),
    admin: () => import('./ru/admin'),
  },
};

/** Where the choice is kept. build/first.js reads the same, so that the right files load at once. */
const STORED = 'dispatch-hub.language';

export function preferredLanguage(): Language {
  const stored = embedding?.language ?? deviceStorage.getItem(STORED);
  if (stored === 'en' || stored === 'ru') return stored;
  return navigator.language.toLowerCase().startsWith('ru') ? 'ru' : 'en';
}

export function keepLanguage(language: Language): void {
  deviceStorage.setItem(STORED, language);
}

/** Every file exports its part under the part's own name: merged, they are the catalog. */
export async function load(language: Language, parts: readonly Part[]): Promise<Said> {
  const loads = LOADS[language];
  const files = await Promise.all([loads.core(), ...parts.map((part) => loads[part]())]);
  return { language, t: Object.assign({}, ...files) as Catalog };
}
