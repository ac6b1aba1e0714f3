import { defineConfig } from 'vitest/config';

// `npm run dev` serves the page and passes everything else to a server started separately.
const server = 'http://127.0.0.1:5080';

const pages = [
  'index.html',
  'dashboards.html',
  'dashboards/websocket_executive.html',
  'dashboards/websocket_operations.html',
  'dashboards/websocket_user_diagnostics.html',
  'dashboards/websocket_performance.html',
  'dashboards/websocket_alerts.html',
];

export default defineConfig({
  // The server may be reached under a prefix.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    sourcemap: true,
    // The chat page, the dashboards, and their index.
    rolldownOptions: { input: pages },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/ws': { target: server, ws: true },
      '/v1': { target: server },
      '/readyz': { target: server },
      '/health': { target: server },
      '/monitoring': { target: server },
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
