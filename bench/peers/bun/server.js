import { createEvent } from '../shared/event.mjs';
import { port } from '../shared/options.mjs';
import { Series } from '../shared/series.mjs';
import { now } from './clock.js';

Bun.serve({
  hostname: '127.0.0.1',
  port,
  fetch(request, server) {
    return server.upgrade(request, { data: {} }) ? undefined : new Response('bun\n');
  },
  websocket: {
    open(socket) {
      // -1: sent, and the next one waits for drain; 0: the socket is gone.
      const send = () => socket.send(JSON.stringify(createEvent(now()))) > 0;
      socket.data.series = new Series(send, (sends) => socket.cork(sends));
      socket.data.series.start();
    },
    message() {},
    drain(socket) {
      socket.data.series.resume();
    },
    close(socket) {
      socket.data.series.stop();
    },
  },
});
