import { fenceOf } from 'netra-pipeline-client/runs';

export type Block =
  | { readonly kind: 'text'; readonly spans: readonly Span[] }
  | { readonly kind: 'heading'; readonly spans: readonly Span[] }
  | { readonly kind: 'code'; readonly language: string; readonly text: string };

export interface Span {
  readonly kind: 'plain' | 'code' | 'strong';
  readonly text: string;
}

/** Splits an answer into text, headings and fenced code. A fence that is not closed yet, as in a streamed answer, is code already. */
export function parseRichText(source: string): readonly Block[] {
  const blocks: Block[] = [];
  let text: string[] = [];
  let code: { readonly language: string; readonly lines: string[] } | undefined;
  const endText = (): void => {
    const joined = text
      .join('\n')
      .replace(/^\n+|\n+$/g, '')
      .replace(/\n{3,}/g, '\n\n');
    if (joined !== '') {
      blocks.push({ kind: 'text', spans: parseSpans(joined) });
    }
    text = [];
  };

  for (const line of source.split('\n')) {
    const heading = /^#{1,6} +(.+)$/.exec(line);
    const fence = fenceOf(line);
    if (code !== undefined && fence !== undefined) {
      blocks.push({ kind: 'code', language: code.language, text: code.lines.join('\n') });
      code = undefined;
    } else if (code !== undefined) {
      code.lines.push(line);
    } else if (fence !== undefined) {
      endText();
      code = { language: fence, lines: [] };
    } else if (heading !== null) {
      endText();
      blocks.push({ kind: 'heading', spans: parseSpans(heading[1] ?? '') });
    } else {
      text.push(line);
    }
  }
  endText();
  if (code !== undefined) {
    blocks.push({ kind: 'code', language: code.language, text: code.lines.join('\n') });
  }
  return blocks;
}

function parseSpans(text: string): readonly Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const match of text.matchAll(/`([^`\n]+)`|\*\*([^*\n]+)\*\*/g)) {
    if (match.index > end) {
      spans.push({ kind: 'plain', text: text.slice(end, match.index) });
    }
    spans.push(match[1] !== undefined ? { kind: 'code', text: match[1] } : { kind: 'strong', text: match[2] ?? '' });
    end = match.index + match[0].length;
  }
  if (end < text.length) {
    spans.push({ kind: 'plain', text: text.slice(end) });
  }
  return spans;
}
