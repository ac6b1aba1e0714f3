import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createElement, type FunctionComponent } from 'react';
import { renderToString } from 'react-dom/server';
import { PipelineClient } from 'netra-pipeline-client';
import { FakeServer } from 'netra-pipeline-client/testing';

/** What the documents show, run as it stands there, in a browser's place a fake server and as much of a document as it takes. */
describe('The examples', () => {
  let server: FakeServer;
  let said: unknown[];

  beforeEach(() => {
    vi.resetModules();
    server = new FakeServer();
    said = [];
    vi.stubGlobal('WebSocket', server.WebSocket);
    vi.stubGlobal('location', new URL('http://127.0.0.1/page'));
    vi.spyOn(console, 'log').mockImplementation((what: unknown) => void said.push(what));
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  // However long a machine stops that has other things to do.
  const patience = { timeout: 30_000 };
  const connected = async (): Promise<void> => await vi.waitFor(() => expect(server.open).toHaveLength(1), patience);

  it('follow a user: the text grows, and the end is said', async () => {
    const append = vi.fn();
    vi.stubGlobal('document', { querySelector: () => ({ append }), addEventListener: () => undefined });
    await import('./examples/follow-user.js');
    await connected();

    server.publish('token', { delta: 'Hello' });
    server.publish('agent_completed', { agent_name: 'a', metadata: {}, timestamp: 1, duration_ms: 1 });

    await vi.waitFor(() => expect(said).toContain('is over: agent_completed'), patience);
    expect(append).toHaveBeenCalledExactlyOnceWith('Hello');
  });

  it('connect with a ticket of their own server', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ ticket: 'nt_once' }));
    await import('./examples/credentials.js');
    await connected();

    server.publish('token', { delta: 'Hello' });

    await vi.waitFor(() => expect(said).toEqual([expect.objectContaining({ type: 'token' })]), patience);
    expect(`${server.connections[0]!.url} ${server.connections[0]!.protocols.join(' ')}`).toContain('nt_once');
  });

  it('ask, and cancel what was asked', async () => {
    server.onRequest = (request) => (request.type === 'chat_message' ? { run_id: 'r9' } : {});
    const client = new PipelineClient({ url: '/ws' }, { onEvent: () => undefined });
    client.connect();
    await connected();
    const { ask } = await import('./examples/ask.js');

    await ask(client, 'How?');

    expect(server.requests.map(({ type }) => type)).toEqual(['chat_message', 'cancel_run']);
    expect(server.requests[1]).toMatchObject({ run_id: 'r9' });
    client.disconnect();
  });

  it('show answers in React', async () => {
    const { Answers } = await import('./examples/react-page.js');
    await connected();

    server.publish('agent_started', { agent_name: 'a', metadata: {}, timestamp: 1 });
    server.publish('token', { delta: 'Hello' });

    await vi.waitFor(() => expect(renderToString(createElement(Answers as FunctionComponent))).toBe('Hello'), patience);
  });

  it('test a page against a server that drops its connections', async () => {
    await import('./examples/fake-server.js');

    await vi.waitFor(() => expect(said).toEqual([1, 2]), patience);
  });
});
