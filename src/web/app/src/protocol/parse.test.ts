import { describe, expect, it } from 'vitest';
import { parse } from './parse';

const envelope = { seq: 7, id: 'x-7', thread_id: 't1', run_id: 'r1', timestamp: 1763784000.5 };

describe('parse', () => {
  it('returns an event with members it does not know', () => {
    const parsed = parse(JSON.stringify({ ...envelope, type: 'token', data: { delta: 'Hel', later: 1 }, later: true }));

    expect(parsed).toMatchObject({ kind: 'numbered', seq: 7, event: { type: 'token', data: { delta: 'Hel', later: 1 } } });
  });

  it('keeps the number of an event type it does not know, so that the cursor can pass it', () => {
    expect(parse(JSON.stringify({ ...envelope, type: 'agent_dreaming', data: {} }))).toEqual({
      kind: 'numbered',
      seq: 7,
      run: { threadId: 't1', runId: 'r1' },
    });
  });

  it('ignores a type it does not know that has a number but is no event', () => {
    expect(parse('{"type":"weather","seq":7}')).toEqual({ kind: 'unknown', type: 'weather' });
  });

  it('counts an event that was sent again in no run', () => {
    const parsed = parse(JSON.stringify({ ...envelope, type: 'token', data: { delta: '' }, replay_of: 'x-3' }));

    expect(parsed).toMatchObject({ kind: 'numbered', event: { replay_of: 'x-3' } });
    expect(parsed).not.toHaveProperty('run');
  });

  it('shows the end of a run that says nonsense about how far the run went', () => {
    const data = { agent_name: 'demo', metadata: {}, timestamp: 1 };
    const parsed = parse(JSON.stringify({ ...envelope, type: 'agent_completed', data, run: { events: 2, first_seq: 6 } }));

    expect(parsed).toMatchObject({
      event: { type: 'agent_completed' },
      problem: 'agent_completed in which "run" cannot be used: "last_seq" is not a sequence',
    });
    expect(parsed).not.toHaveProperty('event.run');
  });

  it('keeps the number of an event whose data is wrong, and names the member', () => {
    expect(parse(JSON.stringify({ ...envelope, type: 'token', data: {} }))).toEqual({
      kind: 'numbered',
      seq: 7,
      run: { threadId: 't1', runId: 'r1' },
      problem: 'token in which "delta" is not a string',
    });
  });

  it('ignores a message type it does not know', () => {
    expect(parse('{"type":"weather"}')).toEqual({ kind: 'unknown', type: 'weather' });
  });

  it('returns an unnumbered message', () => {
    expect(parse('{"type":"ping","ts":12}')).toEqual({ kind: 'message', message: { type: 'ping', ts: 12 } });
  });

  it.each([
    ['a binary frame', new ArrayBuffer(1)],
    ['a frame that is not JSON', '{'],
    ['a frame that is not an object with a type', '[]'],
    ['ping in which "ts" is not a number', '{"type":"ping"}'],
    ['token without a number', JSON.stringify({ ...envelope, seq: 0.5, type: 'token', data: { delta: '' } })],
  ])('calls it malformed: %s', (problem, frame) => {
    expect(parse(frame)).toEqual({ kind: 'malformed', problem });
  });
});
