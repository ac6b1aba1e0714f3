import type { EventTrace } from './documents';
import { duration, moment, words } from './format';
import { State } from './parts';

/** The steps of an event along its time: what comes close together stands close together. */
export function Timeline({ trace }: { readonly trace: EventTrace }) {
  const steps = [...trace.steps].sort((one, other) => one.at - other.at);
  const first = steps[0]?.at ?? 0;
  const whole = Math.max(1e-3, (steps.at(-1)?.at ?? first) - first);
  return (
    <>
      <p class="trace-head">
        <State name={trace.state} /> number {trace.seq}
        {trace.type !== undefined && <>, {words(trace.type)}</>}
        {trace.run_id !== undefined && trace.run_id !== '' && (
          <>
            {' '}
            of run <code>{trace.run_id}</code>
          </>
        )}
        {!trace.complete && <span class="quiet">; older steps may be missing</span>}
      </p>
      <ol class="timeline" data-testid="timeline">
        {steps.map(({ stage, at, connection_id: connection }, index) => (
          <li key={`${stage}-${at}-${connection ?? ''}-${index}`}>
            <span class="timeline-name">{words(stage)}</span>
            <span class="timeline-track" aria-hidden="true">
              <span style={{ left: `${((at - first) / whole) * 100}%` }} />
            </span>
            <span class="timeline-when">{index === 0 ? moment(at) : `+${duration(at - first)}`}</span>
            <span class="timeline-where">{connection !== undefined && <code>{connection}</code>}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
