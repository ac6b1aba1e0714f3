// A program on the built client, for tests against a real server: follows one user, and writes a line of JSON for everything it is told.
// Its arguments are the WebSocket's address and the user. It ends with its input.
import { WebSocket } from 'ws';
import { PipelineClient } from '../dist/index.js';

const [url, userId] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const client = new PipelineClient(
  // Back-off as ever, but short: the server is to be killed again as soon as this client is back.
  { url, userId, start: 'kept', WebSocket, random: () => Math.random() / 20 },
  {
    // Handled a moment later, so that connections end while something is being handled.
    onEvent: async (event) => {
      await new Promise((resolve) => setImmediate(resolve));
      say({ event });
    },
    onState: (state) => say({ state }),
    onGap: (gap) => say({ gap }),
    onReset: () => say({ reset: true }),
    onRecovered: (recovered) => say({ recovered }),
    onIncomplete: (incomplete) => say({ incomplete }),
    onError: (error) => say({ error }),
    onFault: ({ code, message }) => say({ fault: { code, message } }),
  },
);
client.connect();
process.stdin.on('end', () => client.disconnect()).resume();
