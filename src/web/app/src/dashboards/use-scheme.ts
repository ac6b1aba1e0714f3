import { useEffect, useState } from 'preact/hooks';

const dark = '(prefers-color-scheme: dark)';

/**
 * Changes whenever the page turns light or dark, by the system or by the person's choice: canvases know no variables, and have to be drawn
 * anew then.
 */
export function useScheme(): string {
  const [scheme, setScheme] = useState(read);
  useEffect(() => {
    const query = matchMedia(dark);
    const look = (): void => setScheme(read());
    const choice = new MutationObserver(look);
    choice.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    query.addEventListener('change', look);
    return () => {
      choice.disconnect();
      query.removeEventListener('change', look);
    };
  }, []);
  return scheme;
}

function read(): string {
  return `${document.documentElement.dataset['theme'] ?? 'system'} ${matchMedia(dark).matches}`;
}

/** How a canvas is told a colour of the page: as it is at the moment, within an element. */
export function coloursOf(element: HTMLElement): (variable: string) => string {
  const probe = document.createElement('span');
  element.append(probe);
  const known = new Map<string, string>();
  const names = ['--text-soft', '--grid', '--sunken', '--series-1', '--series-2', '--series-3', '--series-4'];
  for (const name of names) {
    probe.style.color = `var(${name})`;
    known.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return (variable) => known.get(variable) ?? 'currentcolor';
}
