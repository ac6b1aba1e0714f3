import { fenceOf } from './fences.js';

/** So much more than it must is taken away at once: else every token of a long answer would cut it, and copy all of it. */
const slack = 0.1;
/** So much further on the end of a block is looked for. */
const search = 0.25;

export interface BoundedText {
  readonly text: string;
  readonly omittedCharacters: number;
}

/** Adds to a text and, above the limit, takes away its beginning up to the end of a block. */
export function appendBounded({ text, omittedCharacters }: BoundedText, added: string, limit: number): BoundedText {
  const whole = text + added;
  if (whole.length <= limit) {
    return { text: whole, omittedCharacters };
  }
  const cut = findCut(whole, whole.length - Math.floor(limit * (1 - slack)), Math.floor(limit * search));
  const rest = whole.slice(cut.at);
  // The rest of a long piece of code is code as well.
  const opened = cut.language === undefined ? rest : `\`\`\`${cut.language}\n${rest}`;
  return { text: opened, omittedCharacters: omittedCharacters + cut.at };
}

interface Cut {
  readonly at: number;
  /** Set when the cut is inside of code. */
  readonly language: string | undefined;
}

/** Where at least `least` characters can go, at best between two blocks, then between two lines, and at most `more` further on. */
function findCut(text: string, least: number, more: number): Cut {
  let language: string | undefined;
  let betweenLines: Cut | undefined;
  let within: Cut = { at: least, language };
  let start = 0;
  let endsCode = false;
  while (start <= least + more) {
    if (start >= least) {
      const line = lineAt(text, start);
      if (language === undefined && (endsCode || line.trim() === '' || line.startsWith('#') || fenceOf(line) !== undefined)) {
        return { at: start, language };
      }
      betweenLines ??= { at: start, language };
    }
    const end = text.indexOf('\n', start);
    if (end === -1) {
      break;
    }
    const fence = end - start < maxFenceLength ? fenceOf(text.slice(start, end)) : undefined;
    endsCode = fence !== undefined && language !== undefined;
    if (fence !== undefined) {
      language = language === undefined ? fence : undefined;
    }
    start = end + 1;
    if (start <= least) {
      within = { at: least, language };
    }
  }
  return betweenLines ?? { ...within, at: afterPair(text, within.at) };
}

const maxFenceLength = 200;

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, Math.min(end === -1 ? text.length : end, start + maxFenceLength));
}

/** Never between the two halves of one character. */
function afterPair(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at + 1 : at;
}
