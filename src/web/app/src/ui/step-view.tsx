import type { ComponentChildren } from 'preact';
import type { Notice, Step } from 'netra-pipeline-client/runs';
import { JsonBlock } from './json-block';
import { memo } from './memo';
import { RequestLine } from './request-line';
import { ThoughtView } from './thought-view';
import { ToolView } from './tool-view';

interface Props {
  readonly step: Step;
  /** Why a tool's result will not come. */
  readonly lost?: Notice | undefined;
  /** Whether a thought is going on. */
  readonly live: boolean;
  /** Whether a tool waits for what the run asks. */
  readonly waiting: boolean;
  /** Whether nothing has been heard of the run, and so of its tools, for too long. */
  readonly stalled: boolean;
  /** The run that a step stands for. */
  readonly children?: ComponentChildren;
}

export const StepView = memo(({ step, lost, live, waiting, stalled, children }: Props) => {
  switch (step.kind) {
    case 'thought':
      return <ThoughtView step={step} live={live} />;
    case 'tool':
      return <ToolView step={step} lost={lost} waiting={waiting} stalled={stalled} />;
    case 'request':
      return <RequestLine step={step} />;
    case 'custom':
      return (
        <li class="step step-custom">
          <details>
            <summary>{step.name}</summary>
            <JsonBlock title="Value" value={step.value} />
          </details>
        </li>
      );
    case 'child':
      return <li class="step step-child">{children}</li>;
  }
});
