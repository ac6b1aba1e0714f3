import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retrySocketMs, TransportChoice } from './transport-choice.js';

describe('TransportChoice', () => {
  let ready: boolean;
  let fallback: TransportChoice;

  beforeEach(() => {
    vi.useFakeTimers();
    ready = true;
    fallback = new TransportChoice(() => Promise.resolve(ready));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const failSocket = async (times = 1) => {
    for (let i = 0; i < times; i++) {
      fallback.failed('websocket');
      await vi.advanceTimersByTimeAsync(0);
    }
  };

  it('turns to the stream after three WebSockets in a row', async () => {
    await failSocket(2);
    expect(fallback.next).toBe('websocket');

    await failSocket();
    expect(fallback.next).toBe('stream');
  });

  it('begins to count anew after a WebSocket that worked', async () => {
    await failSocket(2);
    fallback.worked('websocket');
    await failSocket(2);

    expect(fallback.next).toBe('websocket');
  });

  it('does not blame WebSockets for a server that is away', async () => {
    ready = false;
    await failSocket(10);

    expect(fallback.next).toBe('websocket');
  });

  it('does not count a failure that was confirmed only after a WebSocket worked', async () => {
    await failSocket(2);
    fallback.failed('websocket');
    fallback.worked('websocket');
    await vi.advanceTimersByTimeAsync(0);

    expect(fallback.next).toBe('websocket');
  });

  it('tries a WebSocket again after five minutes, and for five more believes what it finds', async () => {
    await failSocket(3);
    vi.advanceTimersByTime(retrySocketMs - 1);
    fallback.worked('stream');
    expect(fallback.next).toBe('stream');

    vi.advanceTimersByTime(1);
    expect(fallback.next).toBe('websocket');
    await failSocket();
    expect(fallback.next).toBe('stream');
    vi.advanceTimersByTime(retrySocketMs);
    expect(fallback.next).toBe('websocket');
    fallback.worked('websocket');
    expect(fallback.next).toBe('websocket');
  });

  it('tries a WebSocket at once in what may be another network', async () => {
    await failSocket(3);
    fallback.reconsider();

    expect(fallback.next).toBe('websocket');
  });

  it('takes turns while neither works', async () => {
    await failSocket(3);
    fallback.failed('stream');
    expect(fallback.next).toBe('websocket');
    await failSocket();
    expect(fallback.next).toBe('stream');
  });
});
