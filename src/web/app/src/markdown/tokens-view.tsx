import type { ComponentChildren, VNode } from 'preact';
import { safeAddress } from './addresses';
import { CodeBlock } from './code-block';
import { decodeEntities } from './entities';
import type { Token, Tokens } from './lexer';

/** Deeper than anybody writes; below it, quotations and lists are shown as they were written. */
const maxDepth = 12;

export interface TokensProps {
  readonly tokens: readonly Token[];
  readonly depth?: number;
  /** Whether more may come at the end. */
  readonly open?: boolean;
  /** Whether the first of it goes on with the code before it. */
  readonly continues?: boolean;
}

/** Everything becomes an element or a text here and nothing is ever markup, so nothing in an answer can become part of the page. */
export function TokensView({ tokens, depth = 0, open = false, continues = false }: TokensProps): VNode {
  return (
    <>
      {tokens.map((token, index) => (
        <TokenView
          key={index}
          token={token as Tokens.Generic}
          depth={depth}
          open={open && index === tokens.length - 1}
          continues={continues && index === 0}
        />
      ))}
    </>
  );
}

interface Props {
  readonly token: Tokens.Generic;
  readonly depth: number;
  readonly open: boolean;
  readonly continues: boolean;
}

function TokenView({ token, depth, open, continues }: Props): ComponentChildren {
  if (depth > maxDepth) {
    return token.raw;
  }
  const inner = (): ComponentChildren =>
    token.tokens === undefined ? (
      decodeEntities(token['text'] ?? token.raw)
    ) : (
      <TokensView tokens={token.tokens} depth={depth + 1} open={open} />
    );
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'paragraph':
      return <p>{inner()}</p>;
    case 'heading': {
      // A run has a heading of the third level.
      const Heading = `h${Math.min(6, token['depth'] + 3)}` as 'h4';
      return <Heading>{inner()}</Heading>;
    }
    case 'code': {
      const { text, lang, raw } = token as unknown as Tokens.Code;
      return <CodeBlock code={text} language={languageOf(lang)} complete={!open || isClosed(raw)} continues={continues} />;
    }
    case 'blockquote':
      return <blockquote>{inner()}</blockquote>;
    case 'list':
      return <ListView list={token as unknown as Tokens.List} depth={depth} open={open} />;
    case 'table':
      return <TableView table={token as unknown as Tokens.Table} depth={depth} />;
    case 'hr':
      return <hr />;
    case 'br':
      return <br />;
    case 'strong':
      return <strong>{inner()}</strong>;
    case 'em':
      return <em>{inner()}</em>;
    case 'del':
      return <del>{inner()}</del>;
    case 'codespan':
      return <code>{token['text']}</code>;
    case 'checkbox':
      return <TaskMark done={token['checked'] === true} />;
    case 'link':
      return <LinkView href={token['href']}>{inner()}</LinkView>;
    case 'image':
      // Not loaded: an answer that somebody else's text has steered could tell what it knows by the address.
      return <LinkView href={token['href']}>Image: {decodeEntities(token['text'] || token['href'])}</LinkView>;
    case 'escape':
      return token['text'];
    case 'text':
      return inner();
    default:
      // HTML among others: it is shown, and not obeyed.
      return token.raw;
  }
}

function TaskMark({ done }: { readonly done: boolean }) {
  return (
    <span class="task">
      <span aria-hidden="true">{done ? '☑' : '☐'} </span>
      <span class="visually-hidden">{done ? 'Done: ' : 'To do: '}</span>
    </span>
  );
}

function LinkView({ href, children }: { readonly href: string; readonly children: ComponentChildren }) {
  const address = safeAddress(decodeEntities(href));
  return address === undefined ? (
    <>{children}</>
  ) : (
    <a class="link" href={address} title={address} target="_blank" rel="noopener noreferrer nofollow">{children}</a>
  );
}

function ListView({ list, depth, open }: { readonly list: Tokens.List; readonly depth: number; readonly open: boolean }) {
  const items = list.items.map((item, index) => (
    <li key={index} class={item.task ? 'task-item' : undefined}>
      <TokensView tokens={item.tokens} depth={depth + 1} open={open && index === list.items.length - 1} />
    </li>
  ));
  return list.ordered ? <ol start={list.start === '' ? undefined : list.start}>{items}</ol> : <ul>{items}</ul>;
}

function TableView({ table, depth }: { readonly table: Tokens.Table; readonly depth: number }) {
  const cells = (row: readonly Tokens.TableCell[], Cell: 'th' | 'td') =>
    row.map((cell, index) => (
      <Cell key={index} class={cell.align === null ? undefined : `align-${cell.align}`}>
        <TokensView tokens={cell.tokens} depth={depth + 1} />
      </Cell>
    ));
  return (
    <div class="table" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead><tr>{cells(table.header, 'th')}</tr></thead>
        <tbody>{table.rows.map((row, index) => <tr key={index}>{cells(row, 'td')}</tr>)}</tbody>
      </table>
    </div>
  );
}

function languageOf(lang: string | undefined): string {
  return /^[\w+#.-]{1,40}/.exec(lang ?? '')?.[0]?.toLowerCase() ?? '';
}

function isClosed(raw: string): boolean {
  return /\n\s*(?:`{3,}|~{3,})\s*$/.test(raw);
}
