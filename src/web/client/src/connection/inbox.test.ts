import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../doubles/create-client.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import type { RecordingHandler } from '../doubles/recording-handler.js';
import type { PipelineClient } from './pipeline-client.js';

/** The inbox as the server meets it: through a connection. */
describe('Inbox', () => {
  let client: PipelineClient;
  let handler: RecordingHandler;

  beforeEach(() => {
    vi.useFakeTimers();
    ({ client, handler } = createClient());
    FakeSocket.last.welcome({ seq: 10, from: 10, resumed: false });
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
  });

  const gap = (members: object) =>
    FakeSocket.last.receive({ type: 'gap', cause: 'expired', replay: false, certain: true, ...members });
  const resume = (members: object = {}) => {
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome({ seq: 99, from: 10, ...members });
  };

  it('acknowledges a critical event at once, after it was handled', () => {
    handler.beforeEvent = () => expect(FakeSocket.last.said('ack')).toEqual([]);
    FakeSocket.last.event(11);
    FakeSocket.last.critical(12);

    expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 12 }]);
  });

  it('acknowledges tokens together', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.event(12);
    expect(FakeSocket.last.said('ack')).toEqual([]);

    vi.advanceTimersByTime(1000);
    expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 12 }]);
  });

  it('answers a ping with the last number processed, which is an acknowledgement too', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.receive({ type: 'ping', ts: 5.25 });
    vi.advanceTimersByTime(2000);

    expect(FakeSocket.last.sent).toEqual([{ type: 'pong', seq: 11, ts: 5.25 }]);
  });

  it('drops a duplicate, and acknowledges a repeated critical event again', () => {
    FakeSocket.last.critical(11);
    FakeSocket.last.critical(11, { redelivery: 1 });

    expect(handler.seqs).toEqual([11]);
    expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 11 }, { type: 'ack', seq: 11 }]);
  });

  it('asks for what a jump left out, tells of it, and keeps the order', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.event(14);
    expect(handler.seqs).toEqual([11]);
    expect(handler.faults.map((fault) => fault.code)).toEqual(['missing_events']);
    expect(FakeSocket.last.said('replay')).toEqual([{ type: 'replay', from: 12, to: 13 }]);

    FakeSocket.last.event(12, { redelivery: 1 });
    FakeSocket.last.event(13, { redelivery: 1 });
    FakeSocket.last.event(15);
    expect(handler.seqs).toEqual([11, 12, 13, 14, 15]);
    vi.advanceTimersByTime(10_000);
    expect(client.state.name).toBe('connected');
  });

  it('resumes after its cursor when the missing events do not come', () => {
    FakeSocket.last.event(13);
    vi.advanceTimersByTime(5000);
    expect(client.state).toMatchObject({ name: 'recovering', reason: 'missing events did not arrive' });

    vi.advanceTimersByTime(500);
    expect(FakeSocket.last.url.searchParams.get('seq')).toBe('10');
  });

  it('does not hold more than a bound while it waits', () => {
    for (let seq = 12; client.state.name === 'connected' && seq < 5000; seq++) {
      FakeSocket.last.event(seq);
    }

    expect(client.state.name).toBe('recovering');
    expect(handler.seqs).toEqual([]);
  });

  it('does not count an event as processed that the application failed on', () => {
    handler.beforeEvent = (event) => {
      if (event.seq === 11) {
        throw new Error('no room');
      }
    };
    FakeSocket.last.critical(11);
    FakeSocket.last.critical(12);
    expect(handler.faults.map((fault) => fault.code)).toEqual(['handler_failed']);
    expect(FakeSocket.last.said('ack')).toEqual([]);

    handler.beforeEvent = () => undefined;
    FakeSocket.last.critical(11, { redelivery: 1 });
    expect(handler.seqs).toEqual([12, 11]);
    expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 12 }]);
  });

  it('never acknowledges what the present connection was not sent', () => {
    handler.beforeEvent = (event) => {
      if (event.seq === 11) {
        throw new Error('no room');
      }
    };
    FakeSocket.last.event(11);
    FakeSocket.last.event(12);
    FakeSocket.last.event(13);
    handler.beforeEvent = () => undefined;
    resume();
    FakeSocket.last.critical(11);
    expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 11 }]);

    FakeSocket.last.event(12);
    FakeSocket.last.event(13);
    FakeSocket.last.critical(14);
    expect(FakeSocket.last.said('ack').at(-1)).toEqual({ type: 'ack', seq: 14 });
    expect(handler.seqs).toEqual([12, 13, 11, 14]);
  });

  it('does not acknowledge what a gap has passed over before an event follows it', () => {
    FakeSocket.last.event(11);
    gap({ from: 12, to: 20 });
    FakeSocket.last.receive({ type: 'ping', ts: 1 });
    expect(FakeSocket.last.said('pong')).toMatchObject([{ seq: 11 }]);

    resume({ seq: 20 });
    expect(FakeSocket.last.url.searchParams.get('seq')).toBe('20');
  });

  it('goes on after a range that is lost, and tells which', () => {
    gap({ from: 11, to: 20, cause: 'server_restart', certain: false });
    FakeSocket.last.critical(21);

    expect(handler.lost).toMatchObject([{ from: 11, to: 20, certain: false }]);
    expect(handler.seqs).toEqual([21]);
    expect(handler.faults).toEqual([]);
    expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 21 }]);
  });

  it('shows that it catches up until it has', () => {
    gap({ from: 11, to: 12, cause: 'overflow', replay: true });
    expect(handler.catchUps).toEqual([{ from: 11, to: 12 }]);
    FakeSocket.last.event(11);
    expect(handler.catchUps).toHaveLength(1);
    FakeSocket.last.event(12);

    expect(handler.catchUps).toEqual([{ from: 11, to: 12 }, undefined]);
    expect(handler.lost).toEqual([]);
  });

  it('does not wait for numbers that were never given', () => {
    FakeSocket.last.event(11);
    resume({ seq: 1_048_590 });
    FakeSocket.last.event(12);
    gap({ from: 13, to: 1_048_588, cause: 'server_restart', certain: false });
    expect(handler.catchUps.at(-1)).toEqual({ from: 1_048_589, to: 1_048_590 });

    FakeSocket.last.event(1_048_589);
    FakeSocket.last.event(1_048_590);
    expect(handler.catchUps.at(-1)).toBeUndefined();
  });

  it('catches up with what was said while it was away', () => {
    FakeSocket.last.event(11);
    resume({ seq: 12 });
    expect(handler.catchUps).toEqual([{ from: 12, to: 12 }]);
    FakeSocket.last.event(12);

    expect(handler.catchUps.at(-1)).toBeUndefined();
  });

  it('passes an event it does not know, and one it cannot read', () => {
    FakeSocket.last.event(11, { type: 'agent_dreaming' });
    FakeSocket.last.event(12, { data: {} });
    FakeSocket.last.critical(13);

    expect(handler.seqs).toEqual([13]);
    expect(handler.faults.map((fault) => fault.code)).toEqual(['malformed_message']);
    expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 13 }]);
  });

  it('acknowledges a joined frame to its end, and counts all that it stands for', () => {
    FakeSocket.last.joined(11, 73);
    expect(FakeSocket.last.said('ack')).toEqual([]);
    FakeSocket.last.joined(74, 75);

    expect(handler.seqs).toEqual([73, 75]);
    expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 75 }]);
    expect(handler.faults).toEqual([]);
  });

  it('asks in silence for the numbers of a joined frame that it has in part', () => {
    handler.beforeEvent = (event) => {
      if (event.seq === 11) {
        throw new Error('no room');
      }
    };
    FakeSocket.last.event(11);
    FakeSocket.last.event(12);
    handler.beforeEvent = () => undefined;
    resume();
    const told = handler.faults.length;
    FakeSocket.last.joined(11, 14);
    expect(FakeSocket.last.said('replay')).toEqual([{ type: 'replay', from: 11, to: 14 }]);

    [11, 12, 13, 14].forEach((seq) => FakeSocket.last.event(seq, { redelivery: 1 }));
    FakeSocket.last.joined(15, 99);
    expect(handler.seqs).toEqual([12, 11, 13, 14, 99]);
    expect(handler.faults).toHaveLength(told);
    expect(handler.catchUps.at(-1)).toBeUndefined();
    vi.advanceTimersByTime(10_000);
    expect(client.state.name).toBe('connected');
  });
});
