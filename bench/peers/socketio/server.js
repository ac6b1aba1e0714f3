import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { createEvent } from '../shared/event.mjs';
import { port } from '../shared/options.mjs';
import { Series } from '../shared/series.mjs';

// So many packets may wait for the transport; then the next event waits until it has taken them.
const MAX_WAITING_PACKETS = 64;

const server = createServer((request, response) => response.end('socketio\n'));
const io = new Server(server, { httpCompression: false });

io.on('connection', (socket) => {
  let waiting = 0;
  const series = new Series(() => {
    socket.emit('event', createEvent(process.hrtime.bigint()));
    return waiting < MAX_WAITING_PACKETS;
  });
  socket.conn.on('packetCreate', () => waiting++);
  socket.conn.on('drain', () => {
    waiting = 0;
    series.resume();
  });
  socket.on('disconnect', () => series.stop());
  series.start();
});

server.listen(port, '127.0.0.1');
