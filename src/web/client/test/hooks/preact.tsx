/** @jsxImportSource preact */
import { hydrate, render, type ComponentChildren } from 'preact';
import * as hooks from 'netra-pipeline-client/preact';
import { App } from '../examples/preact-app.js';
import { startPage } from './page.js';

function Probe({ rendered }: { readonly rendered: () => void }): ComponentChildren {
  rendered();
  return null;
}

function Text({ read }: { readonly read: () => string }): ComponentChildren {
  return <p id="rendered">{read()}</p>;
}

startPage({
  hooks,
  showApp: (into, createSession) => {
    render(<App createSession={createSession} />, into);
    return () => render(null, into);
  },
  showProbes: (into, renders) => render(renders.map((rendered, index) => <Probe key={index} rendered={rendered} />), into),
  hydrate: (into, text) => hydrate(<Text read={text} />, into),
});
