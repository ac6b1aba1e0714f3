import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientMessage } from '../protocol/client-messages.js';
import { maxWaiting, Outbox } from './outbox.js';

describe('Outbox', () => {
  let sent: ClientMessage[];
  let failures: unknown[];
  let outbox: Outbox;
  let answers: { resolve: () => void; reject: (error: Error) => void }[];

  beforeEach(() => {
    [sent, failures, answers] = [[], [], []];
    const deliver = (message: ClientMessage): Promise<void> => {
      sent.push(message);
      return new Promise((resolve, reject) => answers.push({ resolve, reject }));
    };
    outbox = new Outbox(deliver, (error) => failures.push(error));
  });

  const ack = (seq: number) => ({ type: 'ack', seq }) as const;
  const pong = (ts: number) => ({ type: 'pong', seq: 1, ts }) as const;
  const settled = () => new Promise((resolve) => setTimeout(resolve));

  it('sends one after another, in order', async () => {
    [pong(1), pong(2), pong(3)].forEach((message) => outbox.add(message));
    expect(sent).toEqual([pong(1)]);

    answers[0]?.resolve();
    await settled();
    expect(sent).toEqual([pong(1), pong(2)]);
    answers[1]?.resolve();
    await settled();
    expect(sent).toEqual([pong(1), pong(2), pong(3)]);
  });

  it('lets a later acknowledgement replace the one that waits', async () => {
    [ack(1), ack(2), ack(3), pong(1), ack(4)].forEach((message) => outbox.add(message));
    for (let i = 0; i < 4; i++) {
      answers[i]?.resolve();
      await settled();
    }

    expect(sent).toEqual([ack(1), ack(3), pong(1), ack(4)]);
  });

  it('sends nothing after a message that did not arrive', async () => {
    outbox.add(pong(1));
    outbox.add(pong(2));
    answers[0]?.reject(new Error('gone'));
    await settled();
    outbox.add(pong(3));

    expect(sent).toEqual([pong(1)]);
    expect(failures).toEqual([new Error('gone')]);
  });

  it('does not pile up', () => {
    for (let i = 0; i <= maxWaiting; i++) {
      outbox.add(pong(i));
    }
    expect(failures).toEqual([]);

    outbox.add(pong(-1));
    expect(failures).toHaveLength(1);
  });

  it('sends and says nothing after it was closed', async () => {
    outbox.add(pong(1));
    outbox.add(pong(2));
    outbox.close();
    answers[0]?.reject(new Error('gone'));
    await settled();

    expect(sent).toEqual([pong(1)]);
    expect(failures).toEqual([]);
  });
});
