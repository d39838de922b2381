import { describe, expect, it } from 'vitest';
import {
  createEngine,
  createEnvKeyring,
  createMemoryStore,
  parseManifest,
} from '../packages/engine/dist/index.js';
import { codeBlocks, page, tableRows } from './pages.ts';

const text = page('docs/policies.md');
const [example = ''] = codeBlocks(text, 'yaml');
const parsed = parseManifest(example);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
const { manifest } = parsed;

/** A manifest with one member of a policy or of a template. */
const withPolicy = (member: string) =>
  parseManifest(`version: 1\npermissions:\n  p: { risk: high, policy: { ${member} } }\nroutes: []\n`);
const withTemplate = (member: string) =>
  parseManifest(
    `version: 1\npermissions: { p: { risk: high } }\nroutes: []\ntemplates: { t: { permissions: [p], ${member} } }\n`,
  );
const names = (heading: string) =>
  tableRows(text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '').map(([name = '']) =>
    name.slice(1, -1),
  );

describe('the page about policies', () => {
  it('has a table of the policies that there are', () => {
    const { faults } = withPolicy('unknown: 1') as Extract<typeof parsed, { ok: false }>;
    const known = /only (.*)$/.exec(faults[0]?.message ?? '')?.[1]?.split(', ');
    expect(names('Policies').sort()).toEqual(known?.sort());
  });

  it('has a table of the fields of a template', () => {
    const { faults } = withTemplate('unknown: 1') as Extract<typeof parsed, { ok: false }>;
    const known = /only (.*)$/.exec(faults[0]?.message ?? '')?.[1]?.split(', ');
    expect(names('Templates').sort()).toEqual(known?.sort());
  });

  it('has an example from which the key of its other example can be made', async () => {
    const [body = '{}'] = codeBlocks(text, 'json');
    const keyring = createEnvKeyring(`kek-1:${Buffer.alloc(32, 7).toString('base64')}`);
    const engine = createEngine({ store: createMemoryStore(), keyring, manifest });
    await engine.start();
    const made = await engine.keys.issue({ label: '', ...JSON.parse(body) }, { actor: 'service' });
    await engine.close();
    expect(made).toMatchObject({
      ok: true,
      key: {
        permissions: ['spot.read', 'spot.trade', 'spot.cancel'],
        constraints: { instruments: ['BTCUSDT'] },
      },
    });
  });

  it('names templates that its manifest has', () => {
    const said = [...text.matchAll(/--template '([^']+)'/g)].map(([, name]) => name);
    expect(said).toEqual(['trading bot']);
    for (const name of said) expect(manifest.templates.has(name as string)).toBe(true);
  });
});
