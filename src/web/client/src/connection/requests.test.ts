import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import type { Answer, ChatMessage } from '../protocol/client-messages.js';
import { createClient } from '../doubles/create-client.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import type { PipelineClient } from './pipeline-client.js';

describe('Requests', () => {
  let client: PipelineClient;

  beforeEach(() => {
    vi.useFakeTimers();
    ({ client } = createClient());
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
  });

  const message = (id = 'm1'): ChatMessage => ({ type: 'chat_message', id, thread_id: 't1', content: 'Hello' });
  const refusal = (id: string) => ({ type: 'error', id, code: 'message_rejected', message: 'No.', severity: 'error', timestamp: 1 });

  it('resolves with the answer that names its id', async () => {
    FakeSocket.last.welcome();
    const answer = client.request(message());
    FakeSocket.last.receive({ type: 'accepted', id: 'm0', run_id: 'r0' });
    FakeSocket.last.receive({ type: 'accepted', id: 'm1', run_id: 'r1' });

    await expect(answer).resolves.toMatchObject({ run_id: 'r1' });
    expect(FakeSocket.last.said('chat_message')).toEqual([message()]);
  });

  it('rejects with the error that names its id', async () => {
    FakeSocket.last.welcome();
    const answer = client.request(message());
    FakeSocket.last.receive(refusal('m1'));

    await expect(answer).rejects.toMatchObject({ code: 'message_rejected', message: 'No.' });
  });

  it('rejects when there is no answer within ten seconds', async () => {
    FakeSocket.last.welcome();
    const answer = client.request(message());
    const rejected = expect(answer).rejects.toMatchObject({ code: 'unanswered' });
    vi.advanceTimersByTime(10_000);

    await rejected;
  });

  it('waits for a connection, and sends then', async () => {
    const answer = client.request(message());
    expect(FakeSocket.last.said('chat_message')).toEqual([]);
    FakeSocket.last.welcome();
    expect(FakeSocket.last.said('chat_message')).toHaveLength(1);
    FakeSocket.last.receive({ type: 'accepted', id: 'm1' });

    await expect(answer).resolves.toMatchObject({ id: 'm1' });
  });

  it('does not wait for a connection longer than ten seconds', async () => {
    const rejected = expect(client.request(message())).rejects.toMatchObject({ code: 'not_connected' });
    vi.advanceTimersByTime(10_000);

    await rejected;
  });

  it('does not send again by itself what may have been taken', async () => {
    FakeSocket.last.welcome();
    const rejected = expect(client.request(message())).rejects.toMatchObject({ code: 'connection_lost' });
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome();

    await rejected;
    expect(FakeSocket.last.said('chat_message')).toEqual([]);
  });

  it('refuses to pile up', async () => {
    const all = Array.from({ length: 33 }, (_, index) => client.request(message(`m${index}`)));
    all.slice(0, 32).forEach((request) => void request.catch(() => undefined));

    await expect(all[32]).rejects.toMatchObject({ code: 'too_many_requests' });
    vi.advanceTimersByTime(10_000);
  });

  const answer: Answer = { type: 'answer', id: 'a1', thread_id: 't1', run_id: 'r1', request_id: 'q1', value: true };

  it('sends an answer to what a run asks over every connection, under one id, until the server has it', async () => {
    const sent = client.request(answer);
    FakeSocket.last.welcome();
    expect(FakeSocket.last.said('answer')).toEqual([answer]);
    vi.advanceTimersByTime(10_000);
    expect(FakeSocket.last.said('answer')).toEqual([answer, answer]);

    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(60_000);
    FakeSocket.last.welcome();
    expect(FakeSocket.last.said('answer')).toEqual([answer]);
    FakeSocket.last.receive({ type: 'accepted', id: 'a1', taken: true });

    await expect(sent).resolves.toMatchObject({ taken: true });
    vi.advanceTimersByTime(20_000);
    expect(FakeSocket.last.said('answer')).toHaveLength(1);
  });

  it('is told why an answer does not count', async () => {
    FakeSocket.last.welcome();
    const rejected = expect(client.request(answer)).rejects.toMatchObject({ code: 'already_answered' });
    FakeSocket.last.receive({ ...refusal('a1'), code: 'already_answered' });

    await rejected;
  });

  it('gives everything up when the page goes', async () => {
    const rejected = expect(client.request(answer)).rejects.toMatchObject({ code: 'connection_lost' });
    client.disconnect();

    await rejected;
    expect(vi.getTimerCount()).toBe(0);
  });
});
