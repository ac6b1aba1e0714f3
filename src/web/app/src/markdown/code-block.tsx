import type { ElementContent } from 'hast';
import { useEffect, useState } from 'preact/hooks';
import { memo } from '../ui/memo';
import { CopyButton } from './copy-button';
import { highlighted } from './highlighting';

interface Props {
  readonly code: string;
  readonly language: string;
  /** Whether all of it is there. */
  readonly complete: boolean;
  /** Whether it goes on with the code above it. */
  readonly continues: boolean;
}

export const CodeBlock = memo(({ code, language, complete, continues }: Props) => {
  const [tree, setTree] = useState<readonly ElementContent[]>();
  useEffect(() => {
    let current = true;
    setTree(undefined);
    if (complete) {
      void highlighted(code, language).then((found) => current && setTree(found));
    }
    return () => {
      current = false;
    };
  }, [code, language, complete]);
  return (
    <figure class={continues ? 'code code-continues' : 'code'}>
      {!continues && (
        <figcaption>
          <span class="code-language">{language === '' ? 'text' : language}</span>
          <CopyButton text={code} />
        </figcaption>
      )}
      <pre tabIndex={0} aria-label={language === '' ? 'Code' : `Code, ${language}`} data-language={language}>
        <code>{tree === undefined ? code : tree.map(nodeView)}</code>
      </pre>
    </figure>
  );
});

/** Texts and spans, and nothing else, whatever the highlighter says. */
function nodeView(node: ElementContent, index: number) {
  switch (node.type) {
    case 'text':
      return node.value;
    case 'element': {
      const { className } = node.properties;
      return <span key={index} class={Array.isArray(className) ? className.join(' ') : ''}>{node.children.map(nodeView)}</span>;
    }
    case 'comment':
      return null;
  }
}
