// A small server for the client `centrifuge`. It speaks as much of Centrifugo's JSON protocol as is needed here: connect, ping, subscribe
// with recovery by offset and epoch, publications, history. What it answers follows the sources of the library `centrifuge` for Go, which
// Centrifugo is made of: `isStreamRecovered` and what calls it in client.go, and the ping times. Only the client is measured. One thing
// differs, in its favor: a recovery gives all that is kept, where Centrifugo by default gives 300 publications, and says that it has failed
// when there are more (`client.recovery_max_publication_limit`).
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';

const { values } = parseArgs({
  options: {
    // How long publications are kept.
    'ttl-s': { type: 'string', default: '604800' },
    // As in Centrifugo's `client.ping_interval` and `client.pong_timeout`.
    'ping-s': { type: 'string', default: '25' },
    'pong-s': { type: 'string', default: '8' },
  },
});
const [ttlMs, pingMs, pongMs] = ['ttl-s', 'ping-s', 'pong-s'].map((name) => Number(values[name]) * 1000);
const epoch = randomUUID().slice(0, 4);
const channels = new Map();

function channelOf(name) {
  if (!channels.has(name)) {
    channels.set(name, { top: 0, kept: [], subscribers: new Set() });
  }
  return channels.get(name);
}

function publish({ channel: name, data }) {
  const channel = channelOf(name);
  const publication = { data, offset: ++channel.top };
  channel.kept.push({ publication, at: performance.now() });
  const push = JSON.stringify({ push: { channel: name, pub: publication } });
  channel.subscribers.forEach((socket) => socket.send(push));
  return { offset: channel.top, epoch };
}

function keptOf(channel) {
  while (channel.kept.length > 0 && channel.kept[0].at + ttlMs < performance.now()) {
    channel.kept.shift();
  }
  return channel.kept.map(({ publication }) => publication);
}

function historyOf({ channel: name, limit = 0 }) {
  const channel = channelOf(name);
  return { epoch, offset: channel.top, publications: keptOf(channel).slice(0, limit) };
}

function subscribe(socket, { channel: name, recover = false, offset = 0, epoch: asked = '' }) {
  const channel = channelOf(name);
  channel.subscribers.add(socket);
  const reply = { recoverable: true, positioned: true, epoch, offset: channel.top };
  if (!recover) {
    return reply;
  }
  const missed = keptOf(channel).filter((publication) => publication.offset > offset);
  const next = missed.length > 0 ? missed[0].offset : channel.top + 1;
  const recovered = (asked === '' || asked === epoch) && offset <= channel.top && next === offset + 1;
  return recovered
    ? { ...reply, was_recovering: true, recovered, offset, publications: missed }
    : { ...reply, was_recovering: true };
}

const server = createServer(async (request, response) => {
  const body = (await request.setEncoding('utf8').toArray()).join('');
  response.end(JSON.stringify(publish(JSON.parse(body))));
});

new WebSocketServer({ server }).on('connection', (socket) => {
  let [ping, pong] = [];
  const ended = () => {
    clearTimeout(ping);
    clearTimeout(pong);
    channels.forEach((channel) => channel.subscribers.delete(socket));
  };
  const askIn = (ms) => {
    ping = setTimeout(() => {
      socket.send('{}');
      pong = setTimeout(() => socket.close(3012, 'no pong'), pongMs);
      askIn(pingMs);
    }, ms);
  };
  socket.on('message', (text) => {
    for (const command of text.toString().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))) {
      const { id } = command;
      if (command.connect !== undefined) {
        socket.send(JSON.stringify({ id, connect: { client: randomUUID(), version: '0.0.0', ping: pingMs / 1000, pong: true } }));
        // The first one is earlier, so that those of many connections spread.
        askIn(pingMs / 2 + Math.random() * pingMs / 2);
      } else if (command.subscribe !== undefined) {
        socket.send(JSON.stringify({ id, subscribe: subscribe(socket, command.subscribe) }));
      } else if (command.history !== undefined) {
        socket.send(JSON.stringify({ id, history: historyOf(command.history) }));
      } else if (id === undefined) {
        clearTimeout(pong);
      } else {
        socket.send(JSON.stringify({ id, error: { code: 108, message: 'not available' } }));
      }
    }
  });
  socket.on('error', ended);
  socket.on('close', ended);
});

// Publishers come back on connections that were quiet.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());
