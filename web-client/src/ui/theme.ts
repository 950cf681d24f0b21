/** Light, dark or the system's choice; kept on this device. */
import { useState } from 'react';
import { deviceStorage } from '../state/deviceStorage';

export type Theme = 'auto' | 'light' | 'dark';
const STORED = 'dispatch-hub.theme';
const NEXT: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };

export function storedTheme(): Theme {
  const stored = deviceStorage.getItem(STORED);
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): { readonly theme: Theme; readonly turn: () => void } {
  const [theme, setTheme] = useState(storedTheme);
  const turn = () => {
    const next = NEXT[theme];
    deviceStorage.setItem(STORED, next);
    applyTheme(next);
    setTheme(next);
  };
  return { theme, turn };
}
