import type { ComponentChildren } from 'preact';
import type { Step } from '../run/run';
import { JsonBlock } from './json-block';
import { ToolView } from './tool-view';

interface Props {
  readonly step: Step;
  /** The run that a step stands for. */
  readonly children?: ComponentChildren;
}

export function StepView({ step, children }: Props) {
  switch (step.kind) {
    case 'thought':
      return <li class="step step-thought" data-testid="thinking">{step.text}</li>;
    case 'tool':
      return <ToolView step={step} />;
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
