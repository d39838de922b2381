import type { FactType, Permission, Rule, RuleCase } from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';
import { readConditions } from './read-conditions.ts';
import { readFactSources } from './read-facts.ts';
import { readWebSocket } from './read-web-socket.ts';
import type { Route } from './routes.ts';

const MAX_WEIGHT = 1_000_000;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const PATH = /^\/[A-Za-z0-9\-._~!$&'()+,=@/:*%]*$/;

/** Reads `routes`. */
export function readRoutes(
  value: unknown,
  permissions: ReadonlyMap<string, Permission>,
  fields: ManifestFields,
): Route[] {
  const routes: Route[] = [];
  const seen = new Map<string, number>();
  const patterns = new Map<string, number>();
  for (const [i, given] of fields.list(value, ['routes']).entries()) {
    const path = ['routes', i];
    const members = fields.mapping(given, path, [
      'route',
      'permission',
      'public',
      'weight',
      'facts',
      'cases',
      'webSocket',
    ]);
    const route = String(members.route);
    const rule = readRule({ ...members, route }, path, permissions, fields);
    const [method = '', template = '', ...rest] =
      typeof members.route === 'string' ? members.route.split(/ +/) : [];
    if (!METHODS.has(method) || rest.length > 0 || !isTemplate(template)) {
      fields.fault(
        [...path, 'route'],
        '"route" must be a method and a path, like "GET /orders/:id" or "GET /market/*"',
      );
      continue;
    }
    // Two templates are one route when they differ only in the names of their parameters.
    const shape = `${method} ${template.replaceAll(/:[A-Za-z0-9_]+/g, ':')}`;
    const first = seen.get(shape);
    if (first !== undefined)
      fields.fault([...path, 'route'], `route ${first + 1} of the list has the same method and path`);
    seen.set(shape, i);
    if (first === undefined && /[:*]/.test(template)) checkPattern(shape, i, patterns, fields);
    routes.push({ method, path: template, rule });
  }
  return routes;
}

/** Every fact that a route declares, with its type, which is the same everywhere. */
export function factTypesOf(routes: readonly Route[], fields: ManifestFields): Map<string, FactType> {
  const types = new Map<string, FactType>();
  for (const [i, { rule }] of routes.entries()) {
    const sources = [rule, ...(rule.cases ?? []).map((one) => one.rule)].flatMap(({ facts }) => facts);
    for (const { name, type } of sources) {
      const known = types.get(name);
      if (known !== undefined && known !== type)
        fields.fault(['routes', i, 'facts', name], `is a ${known} on another route`);
      types.set(name, type);
    }
  }
  return types;
}

/** A pattern is also matched leniently, and must then stand for one rule still: see `routes.ts`. */
function checkPattern(shape: string, i: number, patterns: Map<string, number>, fields: ManifestFields): void {
  const path = ['routes', i, 'route'];
  if (shape.includes('%')) fields.fault(path, 'a route with a parameter or a star has no percent-encoding');
  const lenient = shape.toLowerCase().replace(/\/$/, '');
  const first = patterns.get(lenient);
  if (first !== undefined) {
    fields.fault(
      path,
      `differs from route ${first + 1} of the list in case or a last slash only, and would not match`,
    );
  }
  patterns.set(lenient, i);
}

function readRule(
  members: Record<string, unknown>,
  path: Path,
  permissions: ReadonlyMap<string, Permission>,
  fields: ManifestFields,
): Rule {
  const isPublic = members.public === true;
  if (members.public !== undefined && typeof members.public !== 'boolean') {
    fields.fault([...path, 'public'], '"public" must be true or false');
  }
  const ways = [isPublic, members.permission !== undefined, members.cases !== undefined].filter(Boolean);
  if (ways.length !== 1) {
    fields.fault(path, 'a route has either a "permission", or "cases", or "public: true"');
  }
  return {
    ...readNeeds(members, path, permissions, fields),
    isPublic,
    cases:
      members.cases === undefined ? undefined : readCases(members, [...path, 'cases'], permissions, fields),
    webSocket: readWebSocket(members, isPublic, path, fields),
  };
}

/** Reads what a route needs for each kind of body. */
function readCases(
  members: Record<string, unknown>,
  path: Path,
  permissions: ReadonlyMap<string, Permission>,
  fields: ManifestFields,
): RuleCase[] {
  for (const name of ['weight', 'facts']) {
    if (members[name] !== undefined)
      fields.fault(path, `a route with cases has its "${name}" in each of them`);
  }
  const cases = fields.list(members.cases, path);
  if (cases.length === 0) fields.fault(path, 'a route has at least one case');
  return cases.map((given, i) => {
    const at = [...path, i];
    const one = fields.mapping(given, at, ['when', 'permission', 'weight', 'facts']);
    if (one.permission === undefined) fields.fault(at, 'a case has a "permission"');
    if (one.when === undefined && i < cases.length - 1) {
      fields.fault(at, 'only the last case has no "when": it stands for all the rest');
    }
    return {
      when: one.when === undefined ? [] : readConditions(one.when, [...at, 'when'], '"when"', fields),
      rule: { ...readNeeds({ ...one, route: members.route }, at, permissions, fields), isPublic: false },
    };
  });
}

function readNeeds(
  members: Record<string, unknown>,
  path: Path,
  permissions: ReadonlyMap<string, Permission>,
  fields: ManifestFields,
): Pick<Rule, 'route' | 'permission' | 'weight' | 'facts'> {
  const { permission, weight = 1 } = members;
  if (permission !== undefined && !permissions.has(permission as string)) {
    fields.fault(
      [...path, 'permission'],
      `there is no permission ${JSON.stringify(permission)} under "permissions"`,
    );
  }
  if (!Number.isInteger(weight) || (weight as number) < 1 || (weight as number) > MAX_WEIGHT) {
    fields.fault([...path, 'weight'], `"weight" must be a whole number from 1 to ${MAX_WEIGHT}`);
  }
  return {
    route: String(members.route).replace(/ +/, ' '),
    permission: permissions.get(permission as string),
    weight: weight as number,
    facts: readFactSources(members.facts, [...path, 'facts'], fields),
  };
}

/** A star stands alone and last; a parameter is a whole segment. */
function isTemplate(path: string): boolean {
  if (!PATH.test(path) || path.includes('//')) return false;
  return path
    .split('/')
    .slice(1)
    .every((segment, i, all) => {
      if (segment.includes('*')) return segment === '*' && i === all.length - 1;
      return !segment.includes(':') || /^:[A-Za-z][A-Za-z0-9_]*$/.test(segment);
    });
}
