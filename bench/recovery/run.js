// What becomes of events under faults, with netra-pipeline-client and with centrifuge: ../results/client-recovery.md has what it came to.
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { away } from './scenarios/away.js';
import { calmCuts, quickCuts } from './scenarios/cuts.js';
import { expired } from './scenarios/expired.js';
import { halfOpen } from './scenarios/half-open.js';
import { crash, reload } from './scenarios/pages.js';
import { netraAssembly, startChannels, startNetra } from './servers.js';

const scenarios = { 'quick-cuts': quickCuts, 'calm-cuts': calmCuts, 'half-open': halfOpen, away, reload, crash, expired };

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(scenarios) },
    server: { type: 'string', default: netraAssembly },
    // How many clients of each kind there are, and how many pages, which are processes.
    clients: { type: 'string', default: '20' },
    pages: { type: 'string', default: '4' },
    // How long connections are cut, how often the server goes away, how often pages are loaded again.
    seconds: { type: 'string', default: '90' },
    rounds: { type: 'string', default: '3' },
    loads: { type: 'string', default: '10' },
    // Between two events of a stream.
    'interval-ms': { type: 'string', default: '50' },
  },
});

const unknown = values.only.filter((name) => !(name in scenarios));
if (unknown.length > 0 || !existsSync(values.server)) {
  console.error(unknown.length > 0
    ? `There is no ${unknown.join(', ')}; there are: ${Object.keys(scenarios).join(', ')}.`
    : 'The server is not there: dotnet build src/Netra.Pipeline.Server -c Release, or --server Netra.Pipeline.Server.dll.');
  process.exit(2);
}

const [clients, pages, seconds, rounds, loads] = ['clients', 'pages', 'seconds', 'rounds', 'loads'].map((name) => Number(values[name]));
const row = (cells) => `| ${cells.join(' | ')} |`;
const options = { assembly: values.server, clients, pages, seconds, rounds, loads, intervalMs: Number(values['interval-ms']) };

for (const name of values.only) {
  const { title, columns, run } = scenarios[name];
  const servers = name === 'expired' ? [] : await Promise.all([startNetra(values.server), startChannels()]);
  const begun = performance.now();
  try {
    const rows = await run({ ...options, servers });
    console.log([`## ${title}`, row(['', ...columns]), row(['', ...columns].map(() => '---')), ...rows.map(row), ''].join('\n'));
    console.error(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s, load ${loadavg()[0].toFixed(1)}`);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
process.exit();
