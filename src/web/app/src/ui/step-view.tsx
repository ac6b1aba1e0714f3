import type { ComponentChildren } from 'preact';
import type { Notice } from '../run/notices';
import type { Step } from '../run/run';
import { JsonBlock } from './json-block';
import { ToolView } from './tool-view';

interface Props {
  readonly step: Step;
  /** Why a tool's result will not come. */
  readonly lost?: Notice | undefined;
  /** The run that a step stands for. */
  readonly children?: ComponentChildren;
}

export function StepView({ step, lost, children }: Props) {
  switch (step.kind) {
    case 'thought':
      return <li class="step step-thought" data-testid="thinking">{step.text}</li>;
    case 'tool':
      return <ToolView step={step} lost={lost} />;
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
}
