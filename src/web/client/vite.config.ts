import { defineConfig } from 'vitest/config';

export default defineConfig({
  build: {
    target: 'es2022',
    // Whoever bundles it minifies it.
    minify: false,
    lib: {
      entry: ['index', 'fallback', 'preact', 'react', 'runs', 'storage', 'testing'].map((name) => `src/${name}.ts`),
      formats: ['es', 'cjs'],
    },
    rolldownOptions: { external: ['preact/compat', 'react'] },
  },
  // Those that build, or import what is compiled first, take long where other things are built at once.
  test: { environment: 'node', include: ['src/**/*.test.ts', 'test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
