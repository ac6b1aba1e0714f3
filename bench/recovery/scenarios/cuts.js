import { setTimeout as delay } from 'node:timers/promises';
import { settle, startFollowers } from '../follower.js';
import { Publisher } from '../publisher.js';
import { sums, times } from '../tally.js';

const SETTLE_MS = 60_000;

/** Connections are reset over and over: so long after the application was level again, in ms, at random between two. */
async function cutAgainAndAgain(server, { from, to, seconds, clients, intervalMs }) {
  const names = Array.from({ length: clients }, (_, index) => `cut-${from}-${index}`);
  const publisher = new Publisher(server, names, intervalMs);
  const followers = await startFollowers(server, publisher, names);
  publisher.start();
  const until = performance.now() + seconds * 1000;
  const away = [];
  await Promise.all(followers.map(async (follower) => {
    for (;;) {
      await delay(from + Math.random() * (to - from));
      if (performance.now() >= until) {
        return;
      }
      const level = follower.level();
      const at = await follower.relay.cut();
      away.push((await level).level - at);
    }
  }));
  await publisher.stop();
  await settle(followers, SETTLE_MS);
  followers.forEach((follower) => follower.stop());
  return [away.length.toLocaleString('en'), ...sums(followers), ...times(away)];
}

const columns = ['cuts', 'events', 'lost', 'doubled', 'out of order', 'level after: median', 'p99', 'max'];

async function rows({ servers, ...options }, from, to) {
  return await Promise.all(servers.map(async (server) => [server.kind, ...await cutAgainAndAgain(server, { from, to, ...options })]));
}

export const quickCuts = {
  title: 'Cut again 0.2 to 2 s after it was level',
  columns,
  run: async (options) => await rows(options, 200, 2000),
};

export const calmCuts = {
  title: 'Cut again 6 to 8 s after it was level',
  columns,
  run: async (options) => await rows(options, 6000, 8000),
};
