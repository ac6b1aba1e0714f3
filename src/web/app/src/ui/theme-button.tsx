import { useState } from 'preact/hooks';
import { MoonIcon, SunIcon, SystemIcon } from './icons';
import { chooseTheme, nextTheme, readTheme, type Theme } from './theme';

const words: Readonly<Record<Theme, string>> = { system: 'as the system', light: 'light', dark: 'dark' };
const icons = { system: SystemIcon, light: SunIcon, dark: MoonIcon } as const;

/** Goes through light, dark, and whatever the operating system says. */
export function ThemeButton() {
  const [theme, setTheme] = useState(readTheme);
  const Icon = icons[theme];
  const change = (): void => {
    const next = nextTheme(theme);
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" class="icon-button" title={`Colours: ${words[theme]}`} data-testid="theme" onClick={change}>
      <Icon />
      <span class="visually-hidden">Colours: {words[theme]}. Change</span>
    </button>
  );
}
