import { setTimeout as delay } from 'node:timers/promises';
import { settle, startFollowers } from '../follower.js';
import { Publisher } from '../publisher.js';
import { sums, times } from '../tally.js';

const AWAY_MS = 20_000;
const SETTLE_MS = 60_000;

async function goAway(server, { rounds, clients, intervalMs }) {
  const names = Array.from({ length: clients }, (_, index) => `away-${index}`);
  const publisher = new Publisher(server, names, intervalMs);
  const followers = await startFollowers(server, publisher, names);
  publisher.start();
  const late = [];
  await Promise.all(followers.map(async (follower) => {
    for (let round = 0; round < rounds; round++) {
      await delay(6000);
      const level = follower.level();
      await follower.relay.close();
      await delay(AWAY_MS);
      const at = follower.relay.restore();
      late.push((await level).level - at);
    }
  }));
  await publisher.stop();
  await settle(followers, SETTLE_MS);
  followers.forEach((follower) => follower.stop());
  return [late.length, ...sums(followers), ...times(late)];
}

export const away = {
  title: 'No server for 20 s',
  columns: ['times', 'events', 'lost', 'doubled', 'out of order', 'level after it was back: median', 'p99', 'max'],
  run: async ({ servers, ...options }) =>
    await Promise.all(servers.map(async (server) => [server.kind, ...await goAway(server, options)])),
};
