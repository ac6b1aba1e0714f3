'use strict';
// Receives OTLP over http/protobuf on a port of the kernel's choice, decodes every request with the official protocol definitions, and
// writes it as one JSON line {"signal":"traces"|"metrics"|"logs","body":{…}}. The first line says the port: {"port":N}. It ends when its
// input does, so that nobody can leave it behind.
// With NETRA_OTLP_STATUS it answers every request with that status instead, to show what failing exports do.
const http = require('http');
const zlib = require('zlib');
const { root } = (() => {
  const generated = require('@opentelemetry/otlp-transformer/build/src/generated/root');
  return { root: generated.opentelemetry.proto.collector };
})();

const requests = {
  '/v1/traces': ['traces', root.trace.v1.ExportTraceServiceRequest],
  '/v1/metrics': ['metrics', root.metrics.v1.ExportMetricsServiceRequest],
  '/v1/logs': ['logs', root.logs.v1.ExportLogsServiceRequest],
};
const refusal = Number(process.env.NETRA_OTLP_STATUS || 0);

const write = value => process.stdout.write(JSON.stringify(value) + '\n');

// Ids are bytes, and read as hex everywhere; times are 64-bit numbers, and exact as text.
function plain(value, key) {
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString(/[iI]d$/.test(key || '') ? 'hex' : 'base64');
  }
  if (Array.isArray(value)) {
    return value.map(item => plain(item, key));
  }
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member, name)]));
  }
  return value;
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => {
    const known = requests[request.url];
    if (refusal || !known || request.method !== 'POST' || request.headers['content-type'] !== 'application/x-protobuf') {
      write({ refused: request.url, type: request.headers['content-type'] });
      response.writeHead(refusal || 400).end();
      return;
    }
    const [signal, message] = known;
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(raw) : raw;
    const decoded = message.toObject(message.decode(body), { longs: String, enums: String, bytes: Buffer });
    write({ signal, headers: { authorization: request.headers.authorization }, body: plain(decoded) });
    response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
  });
});

server.listen(0, '127.0.0.1', () => write({ port: server.address().port }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
