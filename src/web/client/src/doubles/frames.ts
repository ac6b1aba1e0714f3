/** Messages as a server sends them, whatever carries them. */
export function welcomeFrame(members: object = {}): object {
  return {
    type: 'welcome',
    connection_id: 'c-1',
    user_id: 'ada',
    epoch: 'E1',
    seq: 0,
    from: 0,
    resumed: true,
    ping_interval_ms: 15_000,
    ping_timeout_ms: 10_000,
    ack_interval_ms: 1000,
    ack_every: 64,
    ...members,
  };
}

export function tokenFrame(seq: number, members: object = {}): object {
  return {
    type: 'token',
    seq,
    id: `x-${seq}`,
    thread_id: 't1',
    run_id: 'r1',
    timestamp: 1_763_784_000 + seq,
    data: { delta: `${seq} ` },
    ...members,
  };
}

export function criticalFrame(seq: number, members: object = {}): object {
  return tokenFrame(seq, { type: 'agent_thinking', data: { thought: `${seq}`, metadata: {}, timestamp: 1 }, ...members });
}
