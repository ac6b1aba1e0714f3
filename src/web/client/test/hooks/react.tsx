import { StrictMode, type ReactNode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import * as hooks from 'netra-pipeline-client/react';
import { App } from '../examples/react-app.js';
import { startPage } from './page.js';

function Probe({ render }: { readonly render: () => void }): ReactNode {
  render();
  return null;
}

function Text({ read }: { readonly read: () => string }): ReactNode {
  return <p id="rendered">{read()}</p>;
}

startPage({
  hooks,
  showApp: (into, createSession) => {
    const root = createRoot(into);
    root.render(
      <StrictMode>
        <App createSession={createSession} />
      </StrictMode>,
    );
    return () => root.unmount();
  },
  showProbes: (into, renders) => createRoot(into).render(renders.map((render, index) => <Probe key={index} render={render} />)),
  hydrate: (into, text) => void hydrateRoot(into, <Text read={text} />),
});
