/** What a person has chosen; `system` leaves it to the operating system. */
export type Theme = 'system' | 'light' | 'dark';

const storageKey = 'netra.theme';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export function readTheme(): Theme {
  const kept = localStorage.getItem(storageKey) as Theme | null;
  return kept !== null && themes.includes(kept) ? kept : 'system';
}

export function nextTheme(theme: Theme): Theme {
  return themes[(themes.indexOf(theme) + 1) % themes.length]!;
}

/** Shows it now, and remembers it for every page of this server in this browser. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(storageKey, theme);
  showTheme(theme);
}

/** Called before anything is painted. Follows what another tab chooses. */
export function followTheme(): void {
  showTheme(readTheme());
  window.addEventListener('storage', ({ key }) => key === storageKey && showTheme(readTheme()));
}

function showTheme(theme: Theme): void {
  if (theme === 'system') {
    delete document.documentElement.dataset['theme'];
  } else {
    document.documentElement.dataset['theme'] = theme;
  }
}
