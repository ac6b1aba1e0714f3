import { fork, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..', '..');
const PUBLISH_TIMEOUT_MS = 30_000;

// However this process ends, servers end with it.
const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
process.on('SIGINT', () => process.exit(130)).on('SIGTERM', () => process.exit(143));

/** Where the build puts ours. */
export const netraAssembly = path.join(root, 'artifacts', 'bin', 'Netra.Pipeline.Server', 'release', 'Netra.Pipeline.Server.dll');

/** Our server as a process of its own, in Development, with a fresh data folder. `settings` are added to its command line. */
export async function startNetra(assembly, ...settings) {
  const folder = await mkdtemp(path.join(tmpdir(), 'netra-recovery-'));
  const args = [assembly, '--urls=http://127.0.0.1:0', `--Netra:DataDirectory=${folder}`, '--Logging:LogLevel:Default=Error', ...settings];
  const child = spawn('dotnet', [...args, '--Logging:LogLevel:Microsoft.Hosting.Lifetime=Information'], {
    cwd: path.dirname(assembly),
    env: { ...process.env, ASPNETCORE_ENVIRONMENT: 'Development' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const port = await new Promise((resolve, reject) => {
    child.on('error', reject).on('exit', (code) => reject(new Error(`The server ended with ${code}; has it been built?`)));
    createInterface(child.stdout).on('line', (line) => {
      const listening = /Now listening on: http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
      return listening && resolve(Number(listening[1]));
    });
  });
  return {
    kind: 'netra',
    port,
    publish: (user, number) => post(`http://127.0.0.1:${port}/v1/events`, {
      user_id: user,
      thread_id: 't1',
      run_id: `r-${user}`,
      type: 'token',
      data: { delta: `${number} ` },
      idempotency_key: `${user}-${number}`,
    }),
    stop: async () => {
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The server for `centrifuge`, as a process of its own. */
export async function startChannels(...args) {
  const child = fork(path.join(here, 'channel-server.js'), args);
  const { port } = await new Promise((resolve, reject) => child.on('message', resolve).on('error', reject).on('exit', reject));
  return {
    kind: 'centrifuge',
    port,
    publish: (channel, number) => post(`http://127.0.0.1:${port}/publish`, { channel, data: { number } }),
    stop: () => ended(child),
  };
}

// One connection for each stream and a request for each event, as many backends do it. A request on a connection that the other side
// closes in this very moment is sent again; it has a key where that could make a second event.
async function post(url, event, tries = 3) {
  let response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(PUBLISH_TIMEOUT_MS),
    });
  } catch (error) {
    if (tries > 1 && error.cause?.code === 'UND_ERR_SOCKET') {
      console.error(`Published again: ${error.cause.message}`);
      return await post(url, event, tries - 1);
    }
    throw error;
  }
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`What was published has no receipt: ${response.status} ${text}`);
  }
}

async function ended(child) {
  children.delete(child);
  child.removeAllListeners('exit');
  const exit = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
