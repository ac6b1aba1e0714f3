import { setTimeout as delay } from 'node:timers/promises';
import { settle, startFollowers } from '../follower.js';
import { Publisher } from '../publisher.js';
import { startChannels } from '../servers.js';
import { sums, times } from '../tally.js';

const SETTLE_MS = 60_000;
// Half-open connections begin spread over this time, so that they fall anywhere between two pings.
const SPREAD_MS = 25_000;

async function silence(server, isBusy, { clients, intervalMs }) {
  const names = Array.from({ length: clients }, (_, index) => `silent-${isBusy}-${index}`);
  const publisher = new Publisher(server, names, intervalMs);
  const followers = await startFollowers(server, publisher, names);
  if (isBusy) {
    publisher.start();
  }
  const [noticed, level] = [[], []];
  await Promise.all(followers.map(async (follower) => {
    await delay(1000 + Math.random() * SPREAD_MS);
    const levelled = follower.level();
    const at = follower.relay.silence();
    if (!isBusy) {
      // Else there would be nothing to be level with.
      await publisher.publish([follower.name]);
    }
    const moments = await levelled;
    noticed.push(moments.noticed - at);
    level.push(moments.level - at);
  }));
  await publisher.stop();
  await settle(followers, SETTLE_MS);
  followers.forEach((follower) => follower.stop());
  return [isBusy ? 'in the middle of events' : 'while nothing is sent', ...sums(followers), ...times(noticed), ...times(level)];
}

export const halfOpen = {
  title: 'The connection carries nothing any more, and is not closed',
  columns: [
    'when', 'events', 'lost', 'doubled', 'out of order',
    'noticed after: median', 'p99', 'max', 'level after: median', 'p99', 'max',
  ],
  run: async ({ servers, ...options }) => {
    // The same client where the server pings as often as ours.
    const often = await startChannels('--ping-s', '15');
    const measured = [...servers.map((server) => [server.kind, server]), ['centrifuge, pinged every 15 s', often]];
    const rows = await Promise.all(measured.flatMap(([name, server]) => [true, false].map(async (isBusy) => [
      name, ...await silence(server, isBusy, options),
    ])));
    await often.stop();
    return rows;
  },
};
