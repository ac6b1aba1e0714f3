import { defineConfig } from 'vitest/config';

export default defineConfig({
  build: {
    target: 'es2022',
    // Whoever bundles it minifies it.
    minify: false,
    lib: {
      entry: ['index', 'runs', 'testing'].map((name) => `src/${name}.ts`),
      formats: ['es', 'cjs'],
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
