import { useEffect, useRef, useState } from 'preact/hooks';
import { memo } from '../ui/memo';
import { hasTime, spend } from './frame-budget';
import type { Token } from './lexer';
import { Pieces, type Piece } from './pieces';
import { TokensView } from './tokens-view';

type Lex = typeof import('./lexer').lex;

let lex: Lex | undefined;
let loading: Promise<unknown> | undefined;

/** Loads what reads Markdown; until then, and where that is not possible, an answer is plain text. */
export function loadMarkdown(): Promise<unknown> {
  loading ??= import('./lexer').then(
    (module) => {
      lex = module.lex;
    },
    () => {
      // The next answer tries again.
      loading = undefined;
    },
  );
  return loading;
}

interface Read {
  readonly piece: Piece;
  readonly tokens: readonly Token[];
}

/** The piece that grows is read again no more often than this many times what that costs. */
const patience = 6;

interface Props {
  readonly source: string;
  /** How many characters the text has lost at its beginning. */
  readonly omitted: number;
  /** Whether it grows. */
  readonly streaming: boolean;
}

/** A text in Markdown, perhaps a growing one: what was read once is neither read nor rendered again. */
export const MarkdownView = memo(({ source, omitted, streaming }: Props) => {
  const pieces = useRef(new Pieces());
  const read = useRef(new Map<number, Read>());
  const restUntil = useRef(0);
  const [, setRound] = useState(0);

  const list = pieces.current.update(source, omitted);
  const shown = new Map<number, Read>();
  let waiting = lex === undefined;
  // From the end on, where somebody looks who follows.
  for (const piece of [...list].reverse()) {
    const known = read.current.get(piece.id);
    const upToDate = known?.piece.text === piece.text;
    const grows = streaming && piece === list.at(-1);
    if (lex !== undefined && !upToDate && hasTime() && !(grows && performance.now() < restUntil.current)) {
      const { result: tokens, ms } = spend(() => lex!(piece.text));
      shown.set(piece.id, { piece, tokens });
      if (grows) {
        restUntil.current = performance.now() + patience * ms;
      }
    } else {
      waiting ||= !upToDate;
      if (known !== undefined) {
        shown.set(piece.id, known);
      }
    }
  }
  read.current = shown;
  useEffect(() => {
    if (!waiting) {
      return undefined;
    }
    let frame = 0;
    const again = (): void => {
      frame = requestAnimationFrame(() => setRound((round) => round + 1));
    };
    let current = true;
    void (lex === undefined ? loadMarkdown().then(() => current && lex !== undefined && again()) : again());
    return () => {
      current = false;
      cancelAnimationFrame(frame);
    };
  });

  return (
    <>
      {list.map((piece, index) => (
        <PieceView
          key={piece.id}
          read={shown.get(piece.id)}
          text={shown.has(piece.id) ? '' : piece.text}
          open={streaming && index === list.length - 1}
        />
      ))}
    </>
  );
});

interface PieceProps {
  readonly read: Read | undefined;
  /** What to show as long as it is not read. */
  readonly text: string;
  readonly open: boolean;
}

const PieceView = memo(({ read, text, open }: PieceProps) =>
  read === undefined ? <p>{text}</p> : <TokensView tokens={read.tokens} open={open} continues={read.piece.continues} />,
);
