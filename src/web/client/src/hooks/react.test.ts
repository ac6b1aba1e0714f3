import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { PipelineClient } from '../connection/pipeline-client.js';
import * as preact from '../preact.js';
import * as react from '../react.js';
import { RunStore } from '../run/run-store.js';
import { FakeServer } from '../testing/fake-server.js';

describe('The hooks of React', () => {
  it('render where the connection stands, on a server too', () => {
    const runs = new RunStore();
    const client = new PipelineClient({ url: 'ws://127.0.0.1/ws', WebSocket: new FakeServer().WebSocket }, runs);
    const Status = () => createElement('p', null, react.useConnectionState(client).name, react.useRuns(runs).notices.list.length);

    expect(renderToString(createElement(Status)).replace(/<!--.*?-->/g, '')).toBe('<p>disconnected0</p>');
  });

  it('are those of Preact as well', () => {
    expect(Object.keys(preact).sort()).toEqual(Object.keys(react).sort());
  });
});
