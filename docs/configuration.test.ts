import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../packages/server/dist/index.js';
import { codeBlocks, page, tableRows } from './pages.ts';

const PREFIX = 'COUNTERSIGN_';
const text = page('docs/configuration.md');
const rows = tableRows(text).map(
  ([name = '', fallback = '']) => [name.slice(1, -1), fallback.replaceAll('`', '')] as const,
);
const names = rows.map(([name]) => name);

/** The names of the schema, as they stand in the code: it keeps them to itself. */
function namesInSchema(): string[] {
  const source = page('packages/server/src/config.ts');
  const schema = /^const \w+ = z\.object\(\{\n([\s\S]*?)^\}\);/m.exec(source)?.[1] ?? '';
  return [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name]) => PREFIX + name);
}

function faults(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('the page about the configuration', () => {
  it('lists the settings that there are, and no others', () => {
    expect(namesInSchema()).not.toEqual([]);
    expect([...names].sort()).toEqual(namesInSchema().sort());
  });

  it.each(names)('names %s, which the service knows', (name) => {
    expect(faults({ [name]: '?' }).join()).not.toContain('no such setting');
    expect(faults({ [`${name}_FILE`]: '/nowhere/at/all' }).join()).toContain('ENOENT');
  });

  it('tells the defaults', () => {
    const config = loadConfig({}) as unknown as Record<string, unknown>;
    const camel = (name: string) =>
      name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    for (const [name, fallback] of rows) {
      const key = camel(name.slice(PREFIX.length));
      if (!(key in config)) {
        expect(['tlsCert', 'tlsKey']).toContain(key);
        expect(config.tls).toBeUndefined();
      } else if (fallback === 'none') expect([undefined, []]).toContainEqual(config[key]);
      else expect(String(config[key])).toBe(fallback);
    }
  });

  it('is right about the names of clients', () => {
    const clients = [...text.matchAll(/`(COUNTERSIGN_(?:URL|KEY_ID|SECRET|PASSPHRASE))`/g)].map(
      ([, name]) => name as string,
    );
    expect(faults(Object.fromEntries(clients.map((name) => [name, 'x'])))).toEqual([]);
    expect(clients).toHaveLength(4);
    expect(faults({ COUNTERSIGN_PRT: '1' }).join()).toContain('no such setting');
  });

  it('has an example whose only fault is that its files are not here', () => {
    const lines = (codeBlocks(text, 'sh')[0] ?? '').trim().split('\n');
    const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/).slice(0, 2)));
    const { COUNTERSIGN_KEYRING_KEYS_FILE, ...rest } = env;
    expect(COUNTERSIGN_KEYRING_KEYS_FILE).toBeDefined();
    expect(faults({ ...rest, COUNTERSIGN_KEYRING_KEYS: 'a:b' })).toEqual([]);
  });
});
