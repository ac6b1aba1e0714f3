import type { Hooks } from 'netra-pipeline-client/react';
import { runKey, type RunStore } from 'netra-pipeline-client/runs';
import { createSession, type Session } from '../examples/session.js';

/** What the page needs of React or Preact. */
export interface Library {
  readonly hooks: Hooks;
  /** Shows the example; returns how to take it away. */
  showApp(into: Element, createSession: () => Session): () => void;
  /** Shows components that have nothing to show and call one of these when they render. */
  showProbes(into: Element, renders: readonly (() => void)[]): void;
  /** Takes over a paragraph that a server has rendered, with a component that shows this. */
  hydrate(into: Element, text: () => string): void;
}

/** What a server renders, which has no connection. */
const rendered = '<p id="rendered">disconnected, 0 runs</p>';

/** The example, and beside it, once it is connected, components of another root that use the same client. Tests find it as `page`. */
export function startPage({ hooks, showApp, showProbes, hydrate }: Library): void {
  const parameters = new URLSearchParams(location.search);
  const renders = { connection: 0, firstRun: 0, runs: 0 };
  /** The numbers of what was handled, of all sessions, in order. */
  const handled: number[] = [];
  let connected: Session | undefined;
  let hide = (): void => undefined;

  const begin = (): Session => {
    const session = createSession(parameters.get('server')!, parameters.get('user')!);
    const { client, runs } = session;
    listenIn(runs, handled);
    client.subscribe(() => {
      if (client.state.name === 'connected' && connected === undefined) {
        connected = session;
        showProbes(add(), [
          () => void (hooks.useConnectionState(client), renders.connection++),
          () => void (hooks.useRun(runs, runKey('t1', 'r1')), renders.firstRun++),
          () => void (hooks.useRuns(runs), renders.runs++),
        ]);
      }
    });
    return session;
  };

  const page = {
    handled,
    renders,
    show: () => {
      hide = showApp(add(), begin);
    },
    hide: () => hide(),
    takeOver: () => {
      const { client, runs } = connected!;
      const into = add();
      into.innerHTML = rendered;
      // A library that finds something else there than it expects makes another one.
      Object.assign(into.firstElementChild!, { ofServer: true });
      hydrate(into, () => `${hooks.useConnectionState(client).name}, ${hooks.useRuns(runs).conversation.runs.size} runs`);
    },
  };
  page.show();
  Object.assign(globalThis, { page });
}

function listenIn(runs: RunStore, handled: number[]): void {
  const { onEvent } = runs;
  const listening: RunStore['onEvent'] = (event) => {
    // Text that the server has joined has a number for each piece.
    for (let seq = event.from_seq ?? event.seq; seq <= event.seq; seq++) {
      handled.push(seq);
    }
    onEvent(event);
  };
  Object.assign(runs, { onEvent: listening });
}

function add(): Element {
  return document.body.appendChild(document.createElement('div'));
}
