import { setTimeout as delay } from 'node:timers/promises';
import { Follower, settle } from '../follower.js';
import { Publisher } from '../publisher.js';
import { startChannels, startNetra } from '../servers.js';

const [BEFORE, GONE, KEPT] = [20, 100, 50];
const EXPIRY_MS = 60_000;

async function beAwayForTooLong(server, name, options) {
  const publisher = new Publisher(server, [name], 0);
  const follower = await Follower.start(server, publisher, name, options);
  const { tally, losses } = follower;
  const publish = async (count) => {
    for (let i = 0; i < count; i++) {
      await publisher.publish();
    }
  };
  await publish(BEFORE);
  await settle([follower], 5000);
  await follower.relay.close();
  await publish(GONE);
  // What is kept has to be younger than this, and what is gone older.
  await delay(EXPIRY_MS + 5000);
  await publish(KEPT);
  follower.relay.restore();
  const until = performance.now() + 40_000;
  while (performance.now() < until && losses.length === 0) {
    await delay(100);
  }
  await delay(2000);
  // One that is live.
  await publish(1);
  await delay(2000);
  follower.stop();
  const told = (from, count) => Array.from({ length: count }, (_, index) => from + index).filter((number) => tally.has(number)).length;
  return [
    GONE - told(BEFORE + 1, GONE),
    losses.map((loss) => `\`${JSON.stringify(loss)}\``).join(', ') || 'nothing',
    `${told(BEFORE + GONE + 1, KEPT)} of ${KEPT}`,
    tally.has(follower.published) ? 'yes' : 'no',
  ];
}

export const expired = {
  title: 'Events are no longer kept',
  columns: ['lost', 'what the application is told of it', 'told of those that are kept', 'goes on'],
  run: async ({ assembly }) => {
    const [netra, channels] = await Promise.all([
      startNetra(assembly, '--Netra:Streams:Retention=00:01:00'),
      startChannels('--ttl-s', '60'),
    ]);
    const rows = await Promise.all([
      ['netra', netra],
      ['centrifuge', channels],
      ['centrifuge, the application asks `history()` then', channels, { asksHistory: true }],
    ].map(async ([name, server, options], index) => [name, ...await beAwayForTooLong(server, `expired-${index}`, options)]));
    await Promise.all([netra, channels].map((server) => server.stop()));
    return rows;
  },
};
