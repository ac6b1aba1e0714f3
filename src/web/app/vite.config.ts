import { defineConfig } from 'vitest/config';

// `npm run dev` serves the page and passes everything else to a server started separately.
const server = 'http://127.0.0.1:5080';

export default defineConfig({
  // The server may be reached under a prefix.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { target: 'es2022', sourcemap: true },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/ws': { target: server, ws: true },
      '/v1': { target: server },
      '/readyz': { target: server },
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
