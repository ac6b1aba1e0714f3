import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PipelineClient } from '../connection/pipeline-client.js';
import * as preact from '../preact.js';
import * as react from '../react.js';
import { RunStore } from '../run/run-store.js';
import { runKey } from '../run/run.js';
import { agentEvents } from '../testing/events.js';
import { FakeServer } from '../testing/fake-server.js';
import { createHooks } from './hooks.js';

describe('The hooks of React', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('render where the connection stands, on a server too', () => {
    const runs = new RunStore();
    const client = new PipelineClient({ url: 'ws://127.0.0.1/ws', WebSocket: new FakeServer().WebSocket }, runs);
    const Status = () => createElement('p', null, react.useConnectionState(client).name, react.useRuns(runs).notices.list.length);

    expect(renderToString(createElement(Status)).replace(/<!--.*?-->/g, '')).toBe('<p>disconnected0</p>');
  });

  it('begin, in a page that takes over what a server has rendered, with what that has rendered', () => {
    const hooks = createHooks((_subscribe, _read, readOnServer) => readOnServer());
    const runs = new RunStore();
    const client = new PipelineClient({ url: 'ws://127.0.0.1/ws', WebSocket: new FakeServer().WebSocket, followBrowser: false }, runs);
    const shown = () => [
      hooks.useConnectionState(client).name,
      hooks.useRuns(runs).conversation.runs.size,
      hooks.useRun(runs, runKey('t1', 'r1'))?.answer,
    ];
    client.connect();
    runs.onEvent(agentEvents.token(1, 'Hello'));

    expect(shown()).toEqual(['connecting', 1, 'Hello']);
    vi.stubGlobal('document', {});
    expect(shown()).toEqual(['disconnected', 0, undefined]);
    client.disconnect();
  });

  it('are those of Preact as well', () => {
    expect(Object.keys(preact).sort()).toEqual(Object.keys(react).sort());
  });
});
