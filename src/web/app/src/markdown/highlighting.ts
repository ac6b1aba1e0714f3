import type { ElementContent } from 'hast';

/** What is longer stays plain: colours are not worth a page that does not answer. */
const maxLength = 12_000;

let module: Promise<typeof import('./highlight')> | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * The code with its colours, once it is its turn: each piece of code in a task of its own. `undefined` where there are none, because the
 * language is unknown, or what knows it could not be loaded; then it is asked for again with the next code.
 */
export function highlighted(code: string, language: string): Promise<readonly ElementContent[] | undefined> {
  if (code.length > maxLength || language === '') {
    return Promise.resolve(undefined);
  }
  const mine = last.then(async () => {
    await new Promise((resolve) => setTimeout(resolve));
    module ??= import('./highlight');
    try {
      return (await module).highlight(code, language);
    } catch {
      module = undefined;
      return undefined;
    }
  });
  last = mine;
  return mine;
}
