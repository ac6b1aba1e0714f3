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
  /** As text, because what reads Markdown was not there. */
  readonly plain: boolean;
}

function read(piece: Piece): Read {
  const { text } = piece;
  const plain = lex === undefined;
  return { piece, plain, tokens: lex?.(text) ?? [{ type: 'paragraph', raw: text, text, tokens: [{ type: 'escape', raw: text, text }] }] };
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
  const known = useRef<ReadonlyMap<number, Read>>(new Map());
  const restUntil = useRef(0);
  const [, setRound] = useState(0);

  const list = pieces.current.update(source, omitted);
  const shown = new Map<number, Read>();
  let waiting = false;
  // One that is there is read from its end on, where somebody looks who follows.
  for (const piece of streaming ? list : list.toReversed()) {
    const before = known.current.get(piece.id);
    const grows = streaming && piece === list.at(-1);
    const fresh = before?.piece.text === piece.text && (!before.plain || lex === undefined);
    if (!fresh && hasTime() && !(grows && performance.now() < restUntil.current)) {
      const { result, ms } = spend(piece.text.length, () => read(piece));
      shown.set(piece.id, result);
      if (grows) {
        restUntil.current = performance.now() + patience * ms;
      }
    } else {
      waiting ||= !fresh;
      if (before !== undefined) {
        shown.set(piece.id, before);
      }
    }
  }
  known.current = shown;
  const unloaded = lex === undefined;
  useEffect(() => {
    let current = true;
    const again = (): void => setRound((round) => round + 1);
    const frame = waiting ? requestAnimationFrame(again) : 0;
    if (unloaded) {
      void loadMarkdown().then(() => current && lex !== undefined && again());
    }
    return () => {
      current = false;
      cancelAnimationFrame(frame);
    };
  });

  return (
    <>
      {list.map((piece, index) => (
        <PieceView key={piece.id} read={shown.get(piece.id)} open={streaming && index === list.length - 1} />
      ))}
    </>
  );
});

interface PieceProps {
  /** Absent until it is its turn. */
  readonly read: Read | undefined;
  readonly open: boolean;
}

const PieceView = memo(({ read, open }: PieceProps) =>
  read === undefined ? null : (
    <div class={read.piece.continues ? 'piece piece-continues' : 'piece'}>
      <TokensView tokens={read.tokens} open={open} continues={read.piece.continues} />
    </div>
  ),
);
