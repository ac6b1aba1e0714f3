import { describe, expect, it } from 'vitest';
import { parse } from './parse.js';

const envelope = { seq: 7, id: 'x-7', thread_id: 't1', run_id: 'r1', timestamp: 1763784000.5 };

describe('parse', () => {
  it('returns an event with members it does not know', () => {
    const parsed = parse(JSON.stringify({ ...envelope, type: 'token', data: { delta: 'Hel', later: 1 }, later: true }));

    expect(parsed).toMatchObject({ kind: 'numbered', seq: 7, event: { type: 'token', data: { delta: 'Hel', later: 1 } } });
  });

  it('keeps the number of an event type it does not know, so that the cursor can pass it', () => {
    expect(parse(JSON.stringify({ ...envelope, type: 'agent_dreaming', data: {} }))).toEqual({
      kind: 'numbered',
      from: 7,
      seq: 7,
      run: { threadId: 't1', runId: 'r1' },
      attempt: 1,
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

  it('takes a joined frame for all of its numbers, whatever its type', () => {
    const token = parse(JSON.stringify({ ...envelope, from_seq: 3, type: 'token', data: { delta: 'Hello' } }));
    expect(token).toMatchObject({ kind: 'numbered', from: 3, seq: 7, event: { data: { delta: 'Hello' } } });
    expect(parse(JSON.stringify({ ...envelope, from_seq: 3, type: 'dream_delta', data: {} }))).toMatchObject({ from: 3, seq: 7 });

    const nonsense = parse(JSON.stringify({ ...envelope, from_seq: 8, type: 'token', data: { delta: 'Hello' } }));
    expect(nonsense).toMatchObject({ from: 7, seq: 7, problem: 'token in which "from_seq" is not below "seq"' });
  });

  it('counts an event outside of runs in no run, and knows the attempt of others', () => {
    const data = { content: 'Hi', message_id: 'm1' };
    expect(parse(JSON.stringify({ ...envelope, run_id: '', type: 'user_message', data }))).not.toHaveProperty('run');
    expect(parse(JSON.stringify({ ...envelope, attempt: 2, type: 'token', data: { delta: '' } }))).toMatchObject({ attempt: 2 });
  });

  it('leaves out what may be absent and is null or nonsense, and shows the rest', () => {
    const data = { request_id: 'q1', kind: 'choice', prompt: 'Which?', options: ['a', 2], until: null };
    const parsed = parse(JSON.stringify({ ...envelope, type: 'run_waiting', data }));

    expect(parsed).toMatchObject({
      event: { data: { request_id: 'q1', kind: 'choice', prompt: 'Which?' } },
      problem: 'run_waiting in which "options" is not a texts',
    });
    expect(parsed).not.toHaveProperty('event.data.until');
    expect(parsed).not.toHaveProperty('event.data.options');
  });

  it('keeps the number of an event whose data is wrong, and names the member', () => {
    expect(parse(JSON.stringify({ ...envelope, type: 'token', data: {} }))).toEqual({
      kind: 'numbered',
      from: 7,
      seq: 7,
      run: { threadId: 't1', runId: 'r1' },
      attempt: 1,
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
    ['a frame that is not a JSON object with a type', new ArrayBuffer(1)],
    ['a frame that is not a JSON object with a type', '{'],
    ['a frame that is not a JSON object with a type', '[]'],
    ['ping in which "ts" is not a number', '{"type":"ping"}'],
    ['token without a number', JSON.stringify({ ...envelope, seq: 0.5, type: 'token', data: { delta: '' } })],
  ])('calls it malformed: %s', (problem, frame) => {
    expect(parse(frame)).toEqual({ kind: 'malformed', problem });
  });
});
