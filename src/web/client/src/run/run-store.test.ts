import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PipelineClient } from '../connection/pipeline-client.js';
import { createHooks } from '../hooks/hooks.js';
import { FakeServer } from '../testing/fake-server.js';
import { RunStore } from './run-store.js';
import { runKey } from './run.js';

describe('RunStore', () => {
  let server: FakeServer;
  let runs: RunStore;
  let client: PipelineClient;

  const settled = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const lifecycle = { metadata: {}, timestamp: 1 };
  const run = () => runs.state.conversation.runs.get(runKey('t1', 'r1'));

  beforeEach(async () => {
    vi.useFakeTimers();
    server = new FakeServer();
    runs = new RunStore();
    client = new PipelineClient({ url: 'ws://127.0.0.1/ws', start: 'kept', WebSocket: server.WebSocket, random: () => 1 }, runs);
    client.connect();
    await settled();
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
  });

  it('has a run as it happens, over a connection that is lost', async () => {
    server.publish('agent_started', { ...lifecycle, agent_name: 'demo' });
    server.publish('token', { delta: 'Hel' });
    server.drop();
    server.publish('token', { delta: 'lo' });
    await settled(500);
    server.publish('agent_completed', { ...lifecycle, agent_name: 'demo' });
    await settled();

    expect(run()).toMatchObject({ answer: 'Hello', status: 'completed' });
    expect(runs.state.catchUp).toBeUndefined();
    expect(runs.state.notices.list).toEqual([]);
  });

  it('shows what the person says from the moment it is said, and what became of it', async () => {
    const message = { id: 'm1', threadId: 't1', content: 'Hello' };
    const asked = runs.ask(client, message);
    expect(runs.state.conversation.exchanges).toMatchObject([{ question: { content: 'Hello', state: 'sending' } }]);
    await settled();
    await asked;
    expect(runs.state.conversation.exchanges).toMatchObject([{ question: { state: 'accepted', stored: true } }]);

    server.onRequest = () => ({ code: 'message_rejected', message: 'Not now.' });
    const refused = runs.ask(client, { ...message, id: 'm2' });
    await settled();
    await refused;
    expect(runs.state.conversation.exchanges[1]).toMatchObject({ question: { state: 'failed', failure: { code: 'message_rejected' } } });
  });

  it('tells what is missing, and what failed', async () => {
    server.publish('token', { delta: 'a' });
    server.drop();
    server.publish('token', { delta: 'b' });
    server.expire(2);
    await settled(500);
    server.fail({ code: 'send_failed', message: 'It could not be sent.' });

    expect(runs.state.notices.list.map(({ code }) => code)).toEqual(['expired', 'send_failed']);
    server.crash();
    await settled(1000);
    expect(runs.state.conversation.exchanges.at(-1)).toMatchObject({ interrupted: true });
  });

  it('tells nothing of what changes nothing', async () => {
    const asked = runs.ask(client, { id: 'm1', threadId: 't1', content: 'Hello' });
    await settled();
    await asked;
    const before = runs.state;

    runs.onCommandTaken({ type: 'command_taken', id: 'm1', command: 'chat_message', command_id: 'c1', thread_id: 't1' });
    runs.onIncomplete({ threadId: 't1', runId: 'forgotten', missing: 1, asking: true });

    expect(runs.state).toBe(before);
  });

  it('begins anew with another history', async () => {
    server.publish('token', { delta: 'old' });
    server.reset();
    server.publish('token', { delta: 'new' });
    await settled(500);

    expect(run()?.answer).toBe('new');
  });

  it('is read by hooks: what is watched is told, until nobody watches', async () => {
    const rendered: unknown[] = [];
    let unwatch: () => void = () => undefined;
    const hooks = createHooks((subscribe, read) => {
      rendered.push(read());
      unwatch = subscribe(() => rendered.push(read()));
      return read();
    });
    expect(hooks.useRun(runs, runKey('t1', 'r1'))).toBeUndefined();
    server.publish('token', { delta: 'a' });
    await settled();
    unwatch();
    server.publish('token', { delta: 'b' });
    await settled();
    expect(rendered).toMatchObject([undefined, { answer: 'a' }]);

    rendered.length = 0;
    expect(hooks.useConnectionState(client).name).toBe('connected');
    client.disconnect();
    expect(rendered.at(-1)).toMatchObject({ name: 'disconnected' });
    expect(hooks.useRuns(runs)).toBe(runs.state);
  });
});
