// One load of a page, as a process of its own: a client, an application that writes every event it has handled into a file, and a storage
// that outlives the load. What is told from the beginning replaces what the load before it has written: such a page keeps nothing. SIGKILL
// is a page that dies; `unload` says goodbye as browsers do, and ends.
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { keepIn } from '../../src/web/client/dist/storage.js';
import { followCentrifuge, followNetra } from './followers.js';

const { kind, keeps, port, name, handled, kept, workMs } = JSON.parse(process.argv[2]);

// What a browser has and Node has not: both clients listen to it.
const page = new EventTarget();
globalThis.addEventListener = page.addEventListener.bind(page);
globalThis.removeEventListener = page.removeEventListener.bind(page);

// Whole or not at all, like the storage of a browser.
const storage = {
  getItem: () => (existsSync(kept) ? readFileSync(kept, 'utf8') : null),
  setItem: (_, value) => {
    writeFileSync(`${kept}.new`, value);
    renameSync(`${kept}.new`, kept);
  },
};

const handle = (number) => appendFileSync(handled, `${number}\n`);
const handleSlowly = async (number) => {
  await delay(workMs);
  handle(number);
};

const onEvent = workMs > 0 ? handleSlowly : handle;
const ready = (isConnected) => isConnected && process.send('ready');

if (keeps === 'all') {
  writeFileSync(handled, '');
}
if (kind === 'netra') {
  const options = { nothing: {}, all: { start: 'kept' }, kept: { storage: keepIn(storage) } };
  followNetra(port, name, { onEvent, onConnected: ready }, options[keeps]);
} else {
  const save = (position) => storage.setItem('', JSON.stringify(position));
  let queue = Promise.resolve();
  const ways = {
    nothing: (number) => void onEvent(number),
    all: (number) => void onEvent(number),
    // The position is what the client has told.
    told: (number, position) => {
      void onEvent(number);
      save(position);
    },
    // The position is what is handled: the application has its own queue.
    handled: (number, position) => {
      queue = queue.then(() => onEvent(number)).then(() => save(position));
    },
  };
  const keepsPosition = keeps === 'told' || keeps === 'handled';
  const since = keepsPosition ? JSON.parse(storage.getItem()) : keeps === 'all' ? { offset: 0, epoch: '' } : null;
  followCentrifuge(port, name, {
    onEvent: ways[keeps],
    onConnected: (isConnected, position) => {
      if (isConnected && keepsPosition && storage.getItem() === null) {
        save(position);
      }
      ready(isConnected);
    },
  }, { since });
}

process.on('message', () => {
  page.dispatchEvent(new Event('pagehide'));
  process.exit();
});
process.on('disconnect', () => process.exit());
if (!process.connected) {
  process.exit();
}
