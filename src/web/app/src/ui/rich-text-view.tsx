import { memo } from './memo';
import { parseRichText, type Block, type Span } from './rich-text';

/** Everything is text to Preact, so nothing in an answer can become markup of the page. */
export const RichText = memo(({ source }: { readonly source: string }) => (
  <>
    {parseRichText(source).map((block, index) => (
      <BlockView key={index} block={block} />
    ))}
  </>
));

function BlockView({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'code':
      return <pre class="code" tabIndex={0} data-language={block.language}><code>{block.text}</code></pre>;
    case 'heading':
      return <h4><SpansView spans={block.spans} /></h4>;
    case 'text':
      return <p><SpansView spans={block.spans} /></p>;
  }
}

function SpansView({ spans }: { readonly spans: readonly Span[] }) {
  return (
    <>
      {spans.map((span, index) => (
        <SpanView key={index} span={span} />
      ))}
    </>
  );
}

function SpanView({ span }: { readonly span: Span }) {
  switch (span.kind) {
    case 'plain':
      return <>{span.text}</>;
    case 'code':
      return <code>{span.text}</code>;
    case 'strong':
      return <strong>{span.text}</strong>;
  }
}
