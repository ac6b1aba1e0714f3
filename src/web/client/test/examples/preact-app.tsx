/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import { memo } from 'preact/compat';
import { useEffect, useState } from 'preact/hooks';
import { useConnectionState, useRun, useRuns } from 'netra-pipeline-client/preact';
import type { Session } from './session.js';

// Connected while it is shown.
export function App({ createSession }: { readonly createSession: () => Session }): ComponentChildren {
  const [{ client, runs }] = useState(createSession);
  useEffect(() => {
    client.connect();
    return () => client.disconnect();
  }, [client]);
  return (
    <main>
      <Connection client={client} />
      <Answers runs={runs} />
    </main>
  );
}

function Connection({ client }: Pick<Session, 'client'>): ComponentChildren {
  return <p role="status">{useConnectionState(client).name}</p>;
}

function Answers({ runs }: Pick<Session, 'runs'>): ComponentChildren {
  return [...useRuns(runs).conversation.runs.keys()].map((key) => <Answer key={key} runs={runs} name={key} />);
}

// Renders when its run has changed, and not for others.
const Answer = memo(({ runs, name }: Pick<Session, 'runs'> & { readonly name: string }): ComponentChildren => {
  const run = useRun(runs, name);
  return run && (
    <article>
      <h2>{run.status}</h2>
      <ul>{run.steps.map((step) => step.kind === 'tool' && <li key={step.seq}>{`${step.name}: ${step.status}`}</li>)}</ul>
      <p>{run.answer}</p>
    </article>
  );
});
