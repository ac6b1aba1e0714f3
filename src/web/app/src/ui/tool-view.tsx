import type { Failure } from 'netra-pipeline-client';
import type { Notice, ToolStep } from 'netra-pipeline-client/runs';
import { formatArguments, formatDuration, shorten } from './format';
import { CheckIcon, CrossIcon, DashIcon, PauseIcon, Spinner, WarningIcon } from './icons';
import { JsonBlock } from './json-block';
import { memo } from './memo';
import { ResultLink } from './result-link';

const summaryLength = 90;

interface Props {
  readonly step: ToolStep;
  readonly lost?: Notice | undefined;
  readonly waiting: boolean;
  readonly stalled: boolean;
}

type ShownStatus = ToolStep['status'] | 'waiting' | 'stalled';

export const ToolView = memo(({ step, lost, waiting, stalled }: Props) => {
  const status = shownStatus(step, waiting, stalled);
  const expandable = step.arguments !== undefined || step.result !== undefined;
  return (
    <li class={`step step-tool tool-${status}`} data-testid="tool" data-tool={step.name} data-status={status}>
      {expandable ? (
        <details>
          <summary><ToolLine step={step} status={status} /></summary>
          {step.arguments !== undefined && <JsonBlock title="Arguments" value={step.arguments} />}
          {step.result !== undefined && <JsonBlock title="Result" value={step.result} />}
        </details>
      ) : (
        <ToolLine step={step} status={status} />
      )}
      {step.resultRef !== undefined && <ResultLink toolName={step.name} value={step.resultRef} />}
      {step.ofOneOf !== undefined && (
        <p class="quiet-note" data-testid="tool-unassigned">
          Several calls of {step.name} were open, and nothing says which of them this is the result of.
        </p>
      )}
      {step.failure !== undefined && (
        <p class="tool-failure" data-testid="tool-error">
          {failureWords(step.failure)} <code class="notice-code">{step.failure.code}</code>
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

function shownStatus({ status }: ToolStep, waiting: boolean, stalled: boolean): ShownStatus {
  return status !== 'running' ? status : waiting ? 'waiting' : stalled ? 'stalled' : status;
}

function failureWords({ code, message }: Failure): string {
  return code === 'event_too_large' ? 'The result was too large to be sent, so it is not shown here.' : message;
}

function ToolLine({ step, status }: { readonly step: ToolStep; readonly status: ShownStatus }) {
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
          <ToolIcon status={status} />
          {status}
        </span>
      </span>
    </span>
  );
}

function ToolIcon({ status }: { readonly status: ShownStatus }) {
  switch (status) {
    case 'running':
      return <Spinner />;
    case 'waiting':
      return <PauseIcon />;
    case 'stalled':
      return <WarningIcon />;
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
