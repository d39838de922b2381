import { DIALECTS, type Manifest, type Permission } from '@countersign/core';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { addressesWithoutFact, kindsWithoutDialect } from './contradictions.ts';
import type { ManifestFields, Path } from './manifest-fields.ts';
import { type OwnDialects, readOwnDialects } from './own-dialects.ts';
import { readPermissions } from './read-permissions.ts';
import { readRateLimits } from './read-rate-limits.ts';
import { factTypesOf, readRoutes } from './read-routes.ts';
import { readTemplates } from './read-templates.ts';
import { createRouteTable, type Route } from './routes.ts';

/** Something wrong in a manifest, and where: lines and columns count from 1. */
export interface ManifestFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest; readonly routes: readonly Route[] }
  | { readonly ok: false; readonly faults: readonly ManifestFault[] };

const MAX_CHARACTERS = 1024 * 1024;

/**
 * Reads a manifest (YAML 1.2) and checks it whole: all faults are found at once. The form is in
 * `docs/manifest.md`.
 */
export function parseManifest(text: string): ParsedManifest {
  if (text.length > MAX_CHARACTERS) {
    return {
      ok: false,
      faults: [{ line: 1, column: 1, message: `is over ${MAX_CHARACTERS} characters long` }],
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    return {
      ok: false,
      faults: document.errors.map(({ pos, message }) => ({ ...position(pos[0]), message })),
    };
  }
  const faults: ManifestFault[] = [];
  const fields = fieldsOf((path, message) => {
    faults.push({ ...position(offsetOf(document, path)), message });
  });
  let root: unknown;
  try {
    root = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { ok: false, faults: [{ line: 1, column: 1, message: (error as Error).message }] };
  }
  const { routes, ...declared } = readManifest(root, fields);
  if (faults.length > 0) return { ok: false, faults: faults.sort((a, b) => a.line - b.line) };
  return { ok: true, manifest: { ...declared, ruleFor: createRouteTable(routes).find }, routes };
}

/**
 * The nearest node that exists: a fault about a missing field is shown where the field would be. Of a field
 * it is the name, because the value may begin some lines below.
 */
function offsetOf(document: ReturnType<typeof parseDocument>, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = nameOf(document, path.slice(0, length)) ?? document.getIn(path.slice(0, length), true);
    const range = (node as { range?: [number, number, number] } | undefined)?.range;
    if (range !== undefined) return range[0];
  }
  return 0;
}

function nameOf(document: ReturnType<typeof parseDocument>, path: Path): unknown {
  const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  return parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))?.key;
}

function readManifest(root: unknown, fields: ManifestFields) {
  const given = fields.mapping(
    root,
    [],
    ['version', 'dialects', 'ownDialects', 'permissions', 'templates', 'routes', 'rateLimits'],
  );
  if (given.version !== 1) fields.fault(['version'], '"version" must be 1');
  const permissions = readPermissions(given.permissions, fields);
  const own = readOwnDialects(given.ownDialects, given.dialects, fields);
  const routes = readRoutes(given.routes, permissions, fields);
  const manifest: Omit<Manifest, 'ruleFor'> = {
    dialects: readDialects(given.dialects, own, fields),
    ownDialects: own.dialects,
    permissions: withAddresses(permissions, routes),
    templates: new Map(),
    rateLimits: readRateLimits(given.rateLimits, permissions, routes, fields),
    facts: factTypesOf(routes, fields),
  };
  for (const { name, message } of kindsWithoutDialect(manifest)) {
    fields.fault(['permissions', name, 'policy', 'kinds'], message);
  }
  for (const name of addressesWithoutFact(manifest)) {
    const message = 'no key could be made: no route declares the fact "address"';
    fields.fault(['permissions', name, 'policy', 'needsWithdrawalAddresses'], message);
  }
  const templates = readTemplates(given.templates, { ...manifest, ruleFor: () => undefined }, fields);
  return { ...manifest, templates, routes };
}

/** Marks permissions under which a route says where a withdrawal goes: a caller of the verify API names no route. */
function withAddresses(
  permissions: ReadonlyMap<string, Permission>,
  routes: readonly Route[],
): Map<string, Permission> {
  const rules = routes.flatMap(({ rule }) => [rule, ...(rule.cases ?? []).map((one) => one.rule)]);
  const marked = new Set(
    rules
      .filter(({ facts }) => facts.some(({ name }) => name === 'address'))
      .map(({ permission }) => permission?.name),
  );
  return new Map(
    [...permissions].map(([name, one]) => [name, marked.has(name) ? { ...one, hasAddresses: true } : one]),
  );
}

function readDialects(value: unknown, own: OwnDialects, fields: ManifestFields): string[] | undefined {
  if (value === undefined) return undefined;
  const known = [...DIALECTS.map(({ name }) => name), ...own.names];
  const names = fields.list(value, ['dialects']);
  for (const [i, name] of names.entries()) {
    if (!known.includes(name as string)) {
      fields.fault(['dialects', i], `${JSON.stringify(name)} is not one of ${known.join(', ')}`);
    }
  }
  if (names.length === 0) fields.fault(['dialects'], '"dialects" must name at least one');
  return names as string[];
}

function fieldsOf(fault: ManifestFields['fault']): ManifestFields {
  return {
    fault,
    mapping(value, path, known) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        fault(path, `${describe(path)} must be a mapping`);
        return {};
      }
      for (const name of Object.keys(value)) {
        if (known === undefined || known.includes(name)) continue;
        fault([...path, name], `there is no field ${JSON.stringify(name)} here, only ${known.join(', ')}`);
      }
      return value as Record<string, unknown>;
    },
    list(value, path) {
      if (Array.isArray(value)) return value;
      fault(path, `${describe(path)} must be a list`);
      return [];
    },
  };
}

function describe(path: Path): string {
  return path.length === 0 ? 'the manifest' : JSON.stringify(path.join('.'));
}
