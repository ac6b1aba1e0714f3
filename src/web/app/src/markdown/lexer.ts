import { Lexer, type Token } from 'marked';

export type { Token, Tokens } from 'marked';

/** Reads Markdown as GitHub does, with line ends kept. What cannot be read is text: thousands of nested quotations, for example. */
export function lex(text: string): readonly Token[] {
  try {
    return new Lexer({ gfm: true, breaks: true }).lex(text);
  } catch {
    return [{ type: 'paragraph', raw: text, text, tokens: [{ type: 'escape', raw: text, text }] }];
  }
}
