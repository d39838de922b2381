import {
  ENVIRONMENTS,
  type Environment,
  LIMIT_DIMENSIONS,
  type LimitDimension,
  type Permission,
  type RateLimitRule,
} from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';
import type { Route } from './routes.ts';

/** As names of the limits of keys: no character of it needs an escape in a header. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$/;
const MAX_LIMITS = 100;
const MAX_QUOTA = 1_000_000_000;
const MAX_WINDOW_SECONDS = 2_592_000;

/** Reads `rateLimits`: the limits of the operator, which hold for all keys. */
export function readRateLimits(
  value: unknown,
  permissions: ReadonlyMap<string, Permission>,
  routes: readonly Route[],
  fields: ManifestFields,
): RateLimitRule[] {
  if (value === undefined) return [];
  const given = fields.list(value, ['rateLimits']);
  if (given.length > MAX_LIMITS)
    fields.fault(['rateLimits', MAX_LIMITS], `there are more than ${MAX_LIMITS} limits`);
  const rules: RateLimitRule[] = [];
  for (const [i, members] of given.slice(0, MAX_LIMITS).entries()) {
    const path = ['rateLimits', i];
    const rule = readRule(members, path, permissions, fields);
    const first = rules.findIndex(({ name }) => name === rule.name);
    if (first !== -1) fields.fault([...path, 'name'], `limit ${first + 1} of the list has the same name`);
    checkWeights(rule, path, routes, fields);
    rules.push(rule);
  }
  return rules;
}

function readRule(
  value: unknown,
  path: Path,
  permissions: ReadonlyMap<string, Permission>,
  fields: ManifestFields,
): RateLimitRule {
  const given = fields.mapping(value, path, [
    'name',
    'per',
    'quota',
    'windowSeconds',
    'permissions',
    'environments',
  ]);
  if (typeof given.name !== 'string' || !NAME.test(given.name)) {
    fields.fault([...path, 'name'], '"name" must be a text of letters, digits and _ . : @ -, up to 64');
  }
  const per = typeof given.per === 'string' ? [given.per] : given.per;
  return {
    name: given.name as string,
    per: readNames(per, [...path, 'per'], LIMIT_DIMENSIONS, fields) as LimitDimension[],
    quota: readNumber(given.quota, [...path, 'quota'], MAX_QUOTA, fields),
    windowSeconds: readNumber(given.windowSeconds, [...path, 'windowSeconds'], MAX_WINDOW_SECONDS, fields),
    permissions:
      given.permissions === undefined
        ? undefined
        : readNames(given.permissions, [...path, 'permissions'], [...permissions.keys()], fields),
    environments:
      given.environments === undefined
        ? undefined
        : (readNames(given.environments, [...path, 'environments'], ENVIRONMENTS, fields) as Environment[]),
  };
}

function readNames(value: unknown, path: Path, known: readonly string[], fields: ManifestFields): string[] {
  const names = fields.list(value, path);
  if (Array.isArray(value) && names.length === 0) fields.fault(path, 'must name at least one');
  for (const [i, name] of names.entries()) {
    if (!known.includes(name as string))
      fields.fault([...path, i], `${JSON.stringify(name)} is not one of ${known.join(', ')}`);
    else if (names.indexOf(name) !== i) fields.fault([...path, i], `${JSON.stringify(name)} is there twice`);
  }
  return names as string[];
}

function readNumber(value: unknown, path: Path, most: number, fields: ManifestFields): number {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
    fields.fault(path, `"${path.at(-1)}" must be a whole number from 1 to ${most}`);
  return value as number;
}

/** A request that weighs more than the whole quota would always be refused. */
function checkWeights(
  { quota, permissions }: RateLimitRule,
  path: Path,
  routes: readonly Route[],
  fields: ManifestFields,
): void {
  const rules = routes.flatMap(({ rule }) => [rule, ...(rule.cases ?? []).map((one) => one.rule)]);
  for (const rule of rules) {
    if (rule.permission === undefined || !(permissions?.includes(rule.permission.name) ?? true)) continue;
    if (rule.weight <= quota) continue;
    fields.fault([...path, 'quota'], `is less than the weight of ${rule.route}, which is ${rule.weight}`);
  }
}
