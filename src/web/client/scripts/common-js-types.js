// The types that `require` finds are those of `import`, under names that say CommonJS: of which of the two a file of types speaks, its
// name decides.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const dist = join(import.meta.dirname, '..', 'dist');
for (const name of readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.d.ts'))) {
  const types = readFileSync(join(dist, name), 'utf8').replace(/(from ')(\.[^']+)\.js(')/g, '$1$2.cjs$3');
  writeFileSync(join(dist, name.replace(/\.d\.ts$/, '.d.cts')), types);
}
