/** Language and theme. */
import { Languages, type LucideIcon, Moon, Sun, SunMoon } from 'lucide-react';
import { useTexts } from '../i18n';
import { type Theme, useTheme } from '../theme';
import css from './Preferences.module.css';

const ICONS: Record<Theme, LucideIcon> = { auto: SunMoon, light: Sun, dark: Moon };

export function Preferences({ withLabels = false }: { withLabels?: boolean }) {
  const { t, language, choose } = useTexts();
  const { theme, turn } = useTheme();
  const Icon = ICONS[theme];
  const other = language === 'en' ? 'ru' : 'en';
  return (
    <span className={css.preferences}>
      <button
        type="button"
        className={css.choice}
        onClick={() => choose(other)}
        lang={other}
        aria-label={withLabels ? t.common.language : `${other.toUpperCase()} – ${t.common.language}`}
      >
        <Languages size={18} aria-hidden />
        <span>{withLabels ? t.common.language : other.toUpperCase()}</span>
      </button>
      <button type="button" className={css.choice} onClick={turn} aria-label={t.common.themes[theme]}>
        <Icon size={18} aria-hidden />
        {withLabels && <span>{t.common.themes[theme]}</span>}
      </button>
    </span>
  );
}
