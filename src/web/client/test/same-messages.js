// Tells the same story to a real server and to the fake one, and prints in what their messages differ, as a list in JSON. Its argument is
// the real one's address (http://…). Kinds and names of members are compared, and not what they say.
import { WebSocket } from 'ws';
import { FakeServer } from '../dist/testing.js';

const address = process.argv[2];
const patienceMs = 60_000;

/** What a real server says on top, each with its reason. */
const onTop = {
  // Of an answer the real one knows what it is about.
  error: ['thread_id', 'run_id', 'data'],
  // It runs an agent of its own.
  accepted: ['run_id', 'taken'],
};

class Page {
  messages = [];
  ended;
  #waiting = [];

  constructor(socket) {
    this.socket = socket;
    socket.onmessage = ({ data }) => this.#changed(() => this.messages.push(JSON.parse(String(data))));
    socket.onclose = ({ code, reason }) => this.#changed(() => (this.ended = { type: 'close', code, reason: String(reason) }));
    socket.onerror = () => undefined;
  }

  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  hear(what, matches) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} did not come: ${JSON.stringify(this.messages)}`)), patienceMs);
      const look = () => {
        const found = this.ended !== undefined && matches(this.ended) ? this.ended : this.messages.find(matches);
        if (found !== undefined) {
          clearTimeout(timer);
          resolve(found);
        }
        return found !== undefined;
      };
      if (!look()) {
        this.#waiting.push(look);
      }
    });
  }

  #changed(change) {
    change();
    this.#waiting = this.#waiting.filter((look) => !look());
  }
}

const ofType = (type) => (message) => message.type === type;
const data = { metadata: {}, timestamp: 1 };

async function tell({ connect, publish, ping }) {
  const first = connect('');
  const heard = [await first.hear('welcome', ofType('welcome'))];
  await publish('agent_started', { ...data, agent_name: 'demo' });
  await publish('token', { delta: 'Hello' });
  await publish('agent_completed', { ...data, agent_name: 'demo' });
  for (const type of ['agent_started', 'token', 'agent_completed']) {
    heard.push(await first.hear(type, ofType(type)));
  }
  const [{ epoch }, started] = heard;
  ping();
  heard.push(await first.hear('ping', ofType('ping')));
  first.say({ type: 'cancel_run', id: 'x1', thread_id: 't1', run_id: 'r1' });
  heard.push(await first.hear('the refusal', ({ id }) => id === 'x1'));
  first.say({ type: 'chat_message', id: 'x2', thread_id: 't2', content: 'Hello' });
  heard.push(await first.hear('accepted', ofType('accepted')), await first.hear('user_message', ofType('user_message')));

  const second = connect(`&epoch=${epoch}&seq=${started.seq}&from=${started.seq - 1}`);
  heard.push(await second.hear('welcome', ofType('welcome')), await second.hear('the replayed end', ofType('agent_completed')));
  second.say({ type: 'replay', from: started.seq, to: started.seq });
  heard.push(await second.hear('the redelivery', ({ redelivery }) => redelivery !== undefined));
  second.say({ type: 'ack', seq: 2 ** 40 });
  heard.push(await second.hear('the end', ofType('close')));
  const third = connect(`&epoch=another&seq=7&from=7`);
  heard.push(await third.hear('welcome', ofType('welcome')));
  first.socket.close();
  third.socket.close();
  return heard;
}

const real = () => ({
  connect: (query) => new Page(new WebSocket(`${address.replace('http', 'ws')}/ws?user_id=ada${query}`, 'netra.v1')),
  publish: async (type, content) => {
    const body = JSON.stringify({ user_id: 'ada', thread_id: 't1', run_id: 'r1', type, data: content });
    const response = await fetch(`${address}/v1/events`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    if (!response.ok) {
      throw new Error(`${response.status} ${await response.text()}`);
    }
  },
  // It does by itself.
  ping: () => undefined,
});

const fake = () => {
  const server = new FakeServer();
  server.onRequest = ({ type }) => (type === 'cancel_run' ? { code: 'message_rejected', message: 'It is over.' } : {});
  return {
    connect: (query) => new Page(new server.WebSocket(`ws://fake/ws?user_id=ada${query}`, ['netra.v1'])),
    publish: async (type, content) => server.publish(type, content),
    ping: () => server.ping(),
  };
};

const kindOf = (value) => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value);

function differences(where, realOne, fakeOne) {
  const [known, made] = [Object.keys(realOne), Object.keys(fakeOne)];
  // A real one knows which request an event came by.
  const allowed = ['traceparent', ...(onTop[realOne.type] ?? [])];
  return [
    ...made.filter((name) => !known.includes(name)).map((name) => `${where}: the real one has no "${name}"`),
    ...known.filter((name) => !made.includes(name) && !allowed.includes(name)).map((name) => `${where}: the fake one has no "${name}"`),
    ...made.filter((name) => known.includes(name)).flatMap((name) => {
      const kinds = [kindOf(realOne[name]), kindOf(fakeOne[name])];
      const inner = kinds.every((kind) => kind === 'object') ? differences(`${where}.${name}`, realOne[name], fakeOne[name]) : [];
      return kinds[0] === kinds[1] ? inner : [`${where}: "${name}" is a ${kinds[0]}, and a ${kinds[1]} of the fake one`];
    }),
  ];
}

const [fromReal, fromFake] = [await tell(real()), await tell(fake())];
const found = fromReal.flatMap((message, index) => {
  const other = fromFake[index];
  const same = ['type', 'resumed', 'code', 'run'].filter((name) => name !== 'code' || message.type === 'close');
  return [
    ...differences(`${index} ${message.type}`, message, other),
    ...same.filter((name) => JSON.stringify(message[name]) !== JSON.stringify(other[name]) && kindOf(message[name]) !== 'object')
      .map((name) => `${index} ${message.type}: "${name}" is ${message[name]}, and ${other[name]} of the fake one`),
  ];
});
process.stdout.write(`${JSON.stringify(found)}\n`);
