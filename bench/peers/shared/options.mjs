import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { port: { type: 'string' }, events: { type: 'string' }, 'interval-ms': { type: 'string' } },
});

/** What ./run was asked for; it has checked the values. */
export const port = Number(values.port);
export const events = Number(values.events);
export const intervalMs = Number(values['interval-ms']);
