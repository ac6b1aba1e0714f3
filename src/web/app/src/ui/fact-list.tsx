import type { Fact } from 'netra-pipeline-client/runs';
import { JsonBlock } from './json-block';

const shortLength = 200;

/** What a backend has said outside of any run. */
export function FactList({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <ul class="facts" aria-label="Said outside of runs">
      {facts.map(({ seq, name, value }) => (
        <li key={seq} class="fact" data-testid="fact">
          {typeof value === 'string' && value.length <= shortLength ? (
            <p><span class="fact-name">{name}:</span> {value}</p>
          ) : (
            <details>
              <summary>{name}</summary>
              <JsonBlock title="Value" value={value} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}
