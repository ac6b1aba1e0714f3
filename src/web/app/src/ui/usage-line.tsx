import type { Usage } from 'netra-pipeline-client/runs';

/** What a run has cost, for those who look for it. */
export function UsageLine({ usage: { inputTokens, outputTokens, model } }: { readonly usage: Usage }) {
  const counts = [count(inputTokens, 'in'), count(outputTokens, 'out')].filter((text) => text !== undefined);
  return (
    <p class="run-usage" data-testid="run-usage">
      {counts.length > 0 && <>Tokens: {counts.join(', ')}</>}
      {model !== undefined && <span class="run-model">{model}</span>}
    </p>
  );
}

function count(tokens: number | undefined, direction: string): string | undefined {
  return tokens === undefined ? undefined : `${tokens.toLocaleString('en')} ${direction}`;
}
