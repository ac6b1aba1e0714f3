// Both clients as an application uses them, with their default options: what they need is where the server is, whose events, and, in
// Node 20, a WebSocket.
import { Centrifuge } from 'centrifuge';
import { WebSocket } from 'ws';
import { PipelineClient } from '../../src/web/client/dist/index.js';

/**
 * @typedef {object} Told what an application is told
 * @property {(number: number, position: object) => unknown} onEvent an event, by its number in its stream; joined ones one by one
 * @property {(isLevel: boolean) => void} [onConnected] whether there is a connection
 * @property {(loss: object) => void} [onLoss] that events will not come, and whatever is said of them
 */

/** @param {Told} told */
export function followNetra(port, user, { onEvent, onConnected, onLoss }, options = {}) {
  const client = new PipelineClient({ url: `ws://127.0.0.1:${port}/ws`, userId: user, WebSocket, ...options }, {
    onEvent: (event) => {
      // What the server has joined is the text of several events, one after the other.
      const numbers = event.type === 'token' ? event.data.delta.trim().split(' ').map(Number) : [];
      const handled = numbers.map((number) => onEvent(number));
      return handled.some((one) => one !== undefined) ? Promise.all(handled).then(() => {}) : undefined;
    },
    onState: ({ name }) => onConnected?.(name === 'connected'),
    onGap: (gap) => onLoss?.(gap),
    onFault: (fault) => onLoss?.({ fault }),
  });
  client.connect();
  return () => client.disconnect();
}

/**
 * @param {Told} told
 * @param {object} options those of the subscription, and `asksHistory`: whether the application asks for what is kept when a recovery fails
 */
export function followCentrifuge(port, channel, { onEvent, onConnected, onLoss }, { asksHistory = false, ...options } = {}) {
  const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, { websocket: WebSocket });
  const subscription = client.newSubscription(channel, options);
  let epoch;
  let last = 0;
  // What comes meanwhile has to wait for the answer of `history`.
  let waiting;
  const told = ({ data, offset }) => {
    if (waiting !== undefined) {
      waiting.push({ data, offset });
    } else if (offset > last) {
      last = offset;
      void onEvent(data.number, { offset, epoch });
    }
  };
  const askHistory = async () => {
    waiting = [];
    const { publications } = await subscription.history({ limit: 1000 });
    const meanwhile = waiting;
    waiting = undefined;
    [...publications, ...meanwhile].forEach(told);
  };
  subscription.on('subscribed', ({ streamPosition, wasRecovering, recovered }) => {
    ({ epoch } = streamPosition);
    if (wasRecovering && !recovered) {
      onLoss?.({ wasRecovering, recovered, streamPosition });
      if (asksHistory) {
        void askHistory();
      }
    }
    onConnected?.(true, streamPosition);
  });
  subscription.on('subscribing', () => onConnected?.(false));
  subscription.on('publication', asksHistory ? told : ({ data, offset }) => void onEvent(data.number, { offset, epoch }));
  subscription.subscribe();
  client.connect();
  return () => client.disconnect();
}

export const follow = { netra: followNetra, centrifuge: followCentrifuge };
