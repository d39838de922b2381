import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Binaries that the registry has for Linux on x64 alone. */
const NODES = ['22', '24'].map((version) => ({
  version,
  path: fileURLToPath(new URL(`../nodes/node_modules/node-${version}/bin/node`, import.meta.url)),
}));

describe.each(NODES)('on Node $version', ({ version, path }) => {
  it.skipIf(!existsSync(path))(
    'the packed client installs, and runs the examples of its README',
    async () => {
      expect((await run(path, ['--version'])).stdout).toMatch(new RegExp(`^v${version}\\.`));
      const args = ['vitest', 'run', 'packages/client/test/package.test.ts'];
      const { stdout } = await run('npx', args, { cwd: ROOT, env: { ...process.env, TEST_NODE: path } });
      expect(stdout).toMatch(/Tests .*passed/);
    },
    300_000,
  );
});
