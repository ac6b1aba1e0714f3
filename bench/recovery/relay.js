import { connect, createServer } from 'node:net';

// A cut waits so long for bytes to cut through.
const CUT_WITHIN_MS = 200;

/** The network between one client and its server. It forwards until it is told to do harm. */
export class Relay {
  #server;
  #target;
  #links = new Set();
  #isClosed = false;

  /** How many connections of the client it has passed on. */
  accepted = 0;

  /** @param {number} target the server's port on this machine */
  static async open(target) {
    const relay = new Relay();
    relay.#target = target;
    relay.#server = createServer((client) => relay.#accept(client));
    await new Promise((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Resets what is open, in the middle of the next bytes from the server if some come soon. Resolves to the moment of it. */
  async cut() {
    const moments = [...this.#links].map((link) => new Promise((resolve) => {
      link.onBytes = resolve;
      setTimeout(() => resolve(Buffer.alloc(0)), CUT_WITHIN_MS);
    }).then((bytes) => {
      const half = bytes.subarray(0, bytes.length >> 1);
      return new Promise((resolve) => (half.length > 0 ? link.client.write(half, resolve) : resolve())).then(() => this.#end(link));
    }));
    await Promise.all(moments);
    return performance.now();
  }

  /** Whatever is open stays open and carries nothing any more, in both directions. What is opened later works. */
  silence() {
    for (const link of this.#links) {
      link.isSilent = true;
    }
    return performance.now();
  }

  /** Resets what is open, and whatever is tried until `restore`: there is no server. */
  async close() {
    this.#isClosed = true;
    return await this.cut();
  }

  restore() {
    this.#isClosed = false;
    return performance.now();
  }

  stop() {
    this.#server.close();
    this.#links.forEach((link) => this.#end(link));
  }

  #accept(client) {
    if (this.#isClosed) {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    this.accepted++;
    const link = { client, server: connect({ port: this.#target, host: '127.0.0.1', noDelay: true }), isSilent: false, onBytes: undefined };
    client.setNoDelay();
    this.#links.add(link);
    client.on('data', (bytes) => link.isSilent || link.server.write(bytes));
    link.server.on('data', (bytes) => {
      if (link.onBytes !== undefined) {
        link.onBytes(bytes);
      } else if (!link.isSilent) {
        client.write(bytes);
      }
    });
    for (const [socket, other] of [[client, link.server], [link.server, client]]) {
      socket.on('error', () => {});
      socket.on('end', () => link.isSilent || other.end());
      socket.on('close', () => link.isSilent || this.#end(link));
    }
  }

  #end(link) {
    this.#links.delete(link);
    link.client.resetAndDestroy();
    link.server.resetAndDestroy();
  }
}
