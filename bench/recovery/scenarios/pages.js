import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Publisher } from '../publisher.js';
import { sums, Tally } from '../tally.js';

const program = fileURLToPath(new URL('../page.js', import.meta.url));
const SETTLE_MS = 10_000;

async function load(story) {
  const child = fork(program, [JSON.stringify(story)]);
  await new Promise((resolve, reject) => child.once('message', resolve).once('exit', (code) => reject(new Error(`A page ended: ${code}`))));
  child.removeAllListeners('exit');
  return child;
}

async function end(child, how) {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  if (how === 'unload') {
    child.send('unload');
  } else {
    child.kill('SIGKILL');
  }
  await exit;
}

function handledBy({ handled }) {
  const tally = new Tally();
  const lines = existsSync(handled) ? readFileSync(handled, 'utf8').split('\n') : [];
  lines.filter((line) => line !== '').forEach((line) => tally.told(Number(line)));
  return tally;
}

/** Pages that end like this and are loaded again, over and over, while events are published. */
async function loadAgain(server, keeps, how, workMs, { loads, pages, intervalMs }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'netra-pages-'));
  const names = Array.from({ length: pages }, (_, index) => `page-${how}-${keeps}-${index}`);
  const publisher = new Publisher(server, names, intervalMs);
  const stories = names.map((name) => ({
    kind: server.kind,
    keeps,
    port: server.port,
    name,
    workMs,
    handled: path.join(folder, `${name}.handled`),
    kept: path.join(folder, `${name}.kept`),
  }));
  const first = await Promise.all(stories.map(load));
  publisher.start();
  const last = await Promise.all(stories.map(async (story, index) => {
    let page = first[index];
    for (let turn = 0; turn < loads; turn++) {
      await delay(1000 + Math.random() * 1000);
      await end(page, how);
      page = await load(story);
    }
    await delay(1000);
    return page;
  }));
  await publisher.stop();
  const told = () => stories.map((story) => ({ tally: handledBy(story), published: publisher.published.get(story.name) }));
  const until = performance.now() + SETTLE_MS;
  while (performance.now() < until && told().some(({ tally, published }) => tally.highest < published)) {
    await delay(100);
  }
  // What is given twice would come by now.
  await delay(1000);
  const results = told();
  await Promise.all(last.map((page) => end(page, 'kill')));
  await rm(folder, { recursive: true });
  return [pages * loads, ...sums(results)];
}

const columns = ['loads', 'events', 'lost', 'doubled', 'out of order'];
const words = {
  netra: { nothing: 'netra, as it is', kept: 'netra, `storage: keepIn(…)`', all: 'netra, `start: \'kept\'`; the last load' },
  centrifuge: {
    nothing: 'centrifuge, as it is',
    all: 'centrifuge, `since: { offset: 0, epoch: \'\' }`; the last load',
    told: 'centrifuge, the application saves `offset` and passes `since`',
    handled: 'centrifuge, the application has a queue of its own, saves `offset` when an event is done, passes `since`',
  },
};

// The ways of one client follow each other, since each page is a process.
async function rows({ servers, ...options }, how, workMs, ways) {
  const rowsOf = await Promise.all(servers.map(async (server) => {
    const rowsOfOne = [];
    for (const keeps of ways[server.kind]) {
      rowsOfOne.push([words[server.kind][keeps], ...await loadAgain(server, keeps, how, workMs, options)]);
    }
    return rowsOfOne;
  }));
  return rowsOf.flat();
}

export const reload = {
  title: 'The page is loaded again',
  columns,
  run: async (options) => await rows(options, 'unload', 0, { netra: ['nothing', 'kept', 'all'], centrifuge: ['nothing', 'told', 'all'] }),
};

export const crash = {
  title: 'The page dies (SIGKILL) while its handler is at work, for 30 ms an event',
  columns,
  run: async (options) => await rows(options, 'kill', 30, { netra: ['kept'], centrifuge: ['told', 'handled'] }),
};
