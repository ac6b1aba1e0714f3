import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { createEvent } from '../shared/event.mjs';
import { port } from '../shared/options.mjs';
import { Series } from '../shared/series.mjs';

// Above it the next event waits until the last one was written out.
const MAX_BUFFERED_BYTES = 64 * 1024;

const server = createServer((request, response) => response.end('ws\n'));
const sockets = new WebSocketServer({ server });

sockets.on('connection', (socket) => {
  const series = new Series(() => {
    const event = JSON.stringify(createEvent(process.hrtime.bigint()));
    if (socket.bufferedAmount < MAX_BUFFERED_BYTES) {
      socket.send(event);
      return true;
    }

    socket.send(event, () => series.resume());
    return false;
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => series.stop());
  series.start();
});

server.listen(port, '127.0.0.1');
