import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../packages/engine/dist/index.js';
import { EXCHANGES } from '../stage/stage.mjs';

describe.each(Object.entries(EXCHANGES))('examples/manifests, %s', (exchange, { manifest: path }) => {
  const parsed = parseManifest(readFileSync(path, 'utf8'));

  it('is read without faults', () => {
    expect(parsed.faults ?? []).toEqual([]);
    expect(parsed.manifest.dialects).toEqual([exchange]);
  });

  it('uses every permission that it declares, and describes it', () => {
    const used = new Set(parsed.routes.map(({ rule }) => rule.permission?.name));
    for (const { name, description } of parsed.manifest.permissions.values()) {
      expect(used).toContain(name);
      expect(description).not.toBe('');
    }
  });

  it('has nothing public but what is read', () => {
    for (const { method, rule } of parsed.routes)
      if (rule.permission === undefined) expect(method).toBe('GET');
  });

  it('calls what moves money out critical, and what moves it high', () => {
    const risks = parsed.routes
      .filter(({ method, path }) => method === 'POST' && /withdraw|transfer/.test(path))
      .map(({ path, rule }) => [/withdraw/.test(path), rule.permission.risk]);
    for (const [isWithdrawal, risk] of risks) expect(risk).toBe(isWithdrawal ? 'critical' : 'high');
    expect(risks.length).toBeGreaterThan(2);
  });

  it('lets no private route be reached by a star', () => {
    for (const { path, rule } of parsed.routes)
      if (path.includes('*')) expect(rule.permission).toBeUndefined();
  });
});
