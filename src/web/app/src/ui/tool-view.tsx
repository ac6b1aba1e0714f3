import type { Notice } from '../run/notices';
import type { ToolStep } from '../run/run';
import { formatArguments, formatDuration, shorten } from './format';
import { CheckIcon, CrossIcon, DashIcon, Spinner } from './icons';
import { JsonBlock } from './json-block';
import { memo } from './memo';

const summaryLength = 90;

interface Props {
  readonly step: ToolStep;
  readonly lost?: Notice | undefined;
}

export const ToolView = memo(({ step, lost }: Props) => {
  const expandable = step.arguments !== undefined || step.result !== undefined;
  return (
    <li class={`step step-tool tool-${step.status}`} data-testid="tool" data-tool={step.name} data-status={step.status}>
      {expandable ? (
        <details>
          <summary><ToolLine step={step} /></summary>
          {step.arguments !== undefined && <JsonBlock title="Arguments" value={step.arguments} />}
          {step.result !== undefined && <JsonBlock title="Result" value={step.result} />}
        </details>
      ) : (
        <ToolLine step={step} />
      )}
      {step.ofOneOf !== undefined && (
        <p class="quiet-note" data-testid="tool-unassigned">
          Several calls of {step.name} were open, and nothing says which of them this is the result of.
        </p>
      )}
      {step.failure !== undefined && (
        <p class="tool-failure" data-testid="tool-error">
          {step.failure.message} <code class="notice-code">{step.failure.code}</code>
        </p>
      )}
      {lost !== undefined && (
        <p class="tool-failure" role="alert" data-testid="tool-lost">
          {lost.message} <code class="notice-code">{lost.code}</code>
          {lost.detail !== undefined && <span class="notice-detail">{lost.detail}</span>}
        </p>
      )}
    </li>
  );
});

function ToolLine({ step }: { readonly step: ToolStep }) {
  return (
    <span class="tool-line">
      <code class="tool-call">
        <span class="tool-name">{step.name}</span>
        {step.arguments !== undefined && (
          <span class="tool-arguments">({shorten(formatArguments(step.arguments), summaryLength)})</span>
        )}
      </code>
      <span class="tool-outcome">
        {step.durationMs !== undefined && (
          <span class="tool-duration" data-testid="tool-duration">{formatDuration(step.durationMs)}</span>
        )}
        <span class="tool-status" data-testid="tool-status">
          <ToolIcon status={step.status} />
          {step.status}
        </span>
      </span>
    </span>
  );
}

function ToolIcon({ status }: { readonly status: ToolStep['status'] }) {
  switch (status) {
    case 'running':
      return <Spinner />;
    case 'ok':
      return <CheckIcon />;
    case 'failed':
      return <CrossIcon />;
    case 'cancelled':
    case 'unfinished':
    case 'unassigned':
      return <DashIcon />;
  }
}
