// Bundles the pages of this folder as an application would, on the package as it is built, and prints them:
// { "react": "…", "preact": "…" }.
import { join } from 'node:path';
import { build } from 'vite';

// React does things twice in strict mode, and complains of what it dislikes, in development alone.
process.env.NODE_ENV = 'development';

async function bundle(page) {
  const { output } = await build({
    root: join(import.meta.dirname, '..', '..'),
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: join(import.meta.dirname, `${page}.tsx`), output: { codeSplitting: false } },
    },
  });
  return [page, output[0].code];
}

process.stdout.write(JSON.stringify(Object.fromEntries(await Promise.all(['react', 'preact'].map(bundle)))));
