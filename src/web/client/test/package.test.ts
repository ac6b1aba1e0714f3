import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build, type Rolldown } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;

/** How large an entry point is in an application: minified, compressed, everything that it exports. In bytes. */
async function sizeOf(entry: string): Promise<number> {
  const output = (await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: {
        input: join(root, 'src', entry),
        preserveEntrySignatures: 'strict',
        external: ['react', 'preact/compat'],
        output: { codeSplitting: false },
      },
    },
  })) as Rolldown.RolldownOutput;
  return gzipSync(output.output[0].code, { level: 9 }).length;
}

describe('The package', () => {
  beforeAll(() => {
    expect(existsSync(join(root, 'dist', 'index.js')), 'build it first: npm run build').toBe(true);
  });

  it('needs nothing at run time', () => {
    expect(manifest).not.toHaveProperty('dependencies');
  });

  it.each([
    ['index.ts', 8192],
    ['fallback.ts', 5120],
    ['react.ts', 512],
    ['preact.ts', 512],
    ['storage.ts', 1536],
  ])('has in %s at most %i bytes, minified and compressed', async (entry, limit) => {
    const size = await sizeOf(entry);
    console.log(`${entry}: ${size} bytes`);

    expect(size).toBeLessThanOrEqual(limit);
  });

  it('is what bundlers and Node expect of one (publint)', async () => {
    const { messages } = await publint({ pkgDir: root, pack: false, strict: true });

    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  });

  it('has types that say what is there, for import and for require (arethetypeswrong)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'netra-package-'));
    try {
      const command = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
      const packed = execFileSync('npm', command, { cwd: root, encoding: 'utf8' });
      const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
      const result = await checkPackage(createPackageFromTarballData(readFileSync(join(folder, filename))));

      // Resolution without `exports`, which Node has had since version 12, finds the main entry alone.
      const problems = result.types === false ? ['no types'] : result.problems.filter((problem) => !isOld(problem));
      expect(problems).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});

function isOld(problem: object): boolean {
  return 'resolutionKind' in problem && problem.resolutionKind === 'node10';
}
