import { readFileSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import { parseManifest } from '../../../packages/engine/dist/index.js';
import { loadExchange } from '../../stage/load-exchange.mjs';

const exchange = await loadExchange(inject('exchange'));
const { manifest: path, dialects = [exchange.keys.dialect], publicPosts, moves = {} } = exchange;
const parsed = parseManifest(readFileSync(path, 'utf8'));

it('is read without faults', () => {
  expect(parsed.faults ?? []).toEqual([]);
  expect(parsed.manifest.dialects).toEqual(dialects);
});

it('uses every permission that it declares, and describes it', () => {
  const used = new Set(parsed.routes.flatMap(({ rule }) => permissionsAt(rule)));
  for (const { name, description } of parsed.manifest.permissions.values()) {
    expect(used).toContain(name);
    expect(description).not.toBe('');
  }
});

it('has nothing public but what is read', () => {
  const open = parsed.routes.filter(({ rule }) => rule.isPublic);
  for (const { method, path } of open) if (!publicPosts?.test(path)) expect(method).toBe('GET');
});

it.skipIf(moves === false)('calls what moves money out critical, and what moves it high', () => {
  const { out = /withdraw/, within = /transfer/, atLeast = 1 } = moves;
  const moving = parsed.routes.filter(
    ({ method, path }) => method === 'POST' && (out.test(path) || within.test(path)),
  );
  for (const { path, rule } of moving)
    expect(rule.permission.risk).toBe(out.test(path) ? 'critical' : 'high');
  expect(moving.length).toBeGreaterThanOrEqual(atLeast);
});

it('lets no private route be reached by a star', () => {
  for (const { path, rule } of parsed.routes) if (path.includes('*')) expect(rule.isPublic).toBe(true);
});

/** The permissions that a route needs, for one body or another. */
function permissionsAt({ permission, cases = [] }) {
  return [permission, ...cases.map(({ rule }) => rule.permission)].map((one) => one?.name);
}
