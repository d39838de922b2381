import {
  DIALECTS,
  FACT_TYPES,
  type FactSource,
  type FactType,
  type Manifest,
  type Permission,
  type PublicMessage,
  RISKS,
  type Risk,
  type Rule,
} from '@countersign/core';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { ManifestFields, Path } from './manifest-fields.ts';
import { type OwnDialects, readOwnDialects } from './own-dialects.ts';
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
const MAX_WEIGHT = 1_000_000;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const NAME = /^[a-z][a-z0-9_.-]{0,63}$/;
const FACT_PLACES = ['json', 'query', 'form', 'parameter'] as const;
const FACT_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;
const PATH = /^\/[A-Za-z0-9\-._~!$&'()+,=@/:*%]*$/;

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
  const reader = new Reader((path, message) => {
    faults.push({ ...position(offsetOf(document, path)), message });
  });
  let root: unknown;
  try {
    root = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { ok: false, faults: [{ line: 1, column: 1, message: (error as Error).message }] };
  }
  const { dialects, ownDialects, permissions, routes } = reader.manifest(root);
  if (faults.length > 0) return { ok: false, faults: faults.sort((a, b) => a.line - b.line) };
  const table = createRouteTable(routes);
  return { ok: true, manifest: { dialects, ownDialects, permissions, ruleFor: table.find }, routes };
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

class Reader {
  readonly #fault: (path: Path, message: string) => void;
  readonly #fields: ManifestFields;

  constructor(fault: (path: Path, message: string) => void) {
    this.#fault = fault;
    this.#fields = {
      fault,
      mapping: (value, path, known) => this.#mapping(value, path, known),
      list: (value, path) => this.#list(value, path),
    };
  }

  manifest(root: unknown) {
    const fields = this.#mapping(root, [], ['version', 'dialects', 'ownDialects', 'permissions', 'routes']);
    if (fields.version !== 1) this.#fault(['version'], '"version" must be 1');
    const permissions = this.#permissions(fields.permissions);
    const own = readOwnDialects(fields.ownDialects, fields.dialects, this.#fields);
    return {
      dialects: this.#dialects(fields.dialects, own),
      ownDialects: own.dialects,
      permissions,
      routes: this.#routes(fields.routes, permissions),
    };
  }

  #dialects(value: unknown, own: OwnDialects): string[] | undefined {
    if (value === undefined) return undefined;
    const known = [...DIALECTS.map(({ name }) => name), ...own.names];
    const names = this.#list(value, ['dialects']);
    for (const [i, name] of names.entries()) {
      if (!known.includes(name as string)) {
        this.#fault(['dialects', i], `${JSON.stringify(name)} is not one of ${known.join(', ')}`);
      }
    }
    if (names.length === 0) this.#fault(['dialects'], '"dialects" must name at least one');
    return names as string[];
  }

  #permissions(value: unknown): Map<string, Permission> {
    const permissions = new Map<string, Permission>();
    for (const [name, given] of Object.entries(this.#mapping(value, ['permissions']))) {
      const path = ['permissions', name];
      if (!NAME.test(name))
        this.#fault(path, `${JSON.stringify(name)} is no permission name (a-z, 0-9, "_", "." and "-")`);
      const fields = this.#mapping(given, path, ['risk', 'description']);
      if (!RISKS.includes(fields.risk as Risk))
        this.#fault([...path, 'risk'], `"risk" must be one of ${RISKS.join(', ')}`);
      if (fields.description !== undefined && typeof fields.description !== 'string') {
        this.#fault([...path, 'description'], '"description" must be a text');
      }
      permissions.set(name, {
        name,
        risk: fields.risk as Risk,
        description: fields.description as string | undefined,
      });
    }
    return permissions;
  }

  #routes(value: unknown, permissions: ReadonlyMap<string, Permission>): Route[] {
    const routes: Route[] = [];
    const seen = new Map<string, number>();
    const patterns = new Map<string, number>();
    for (const [i, given] of this.#list(value, ['routes']).entries()) {
      const path = ['routes', i];
      const fields = this.#mapping(given, path, [
        'route',
        'permission',
        'public',
        'weight',
        'facts',
        'webSocket',
      ]);
      const rule = this.#rule(fields, path, permissions);
      const [method = '', template = '', ...rest] =
        typeof fields.route === 'string' ? fields.route.split(/ +/) : [];
      if (!METHODS.has(method) || rest.length > 0 || !isTemplate(template)) {
        this.#fault(
          [...path, 'route'],
          '"route" must be a method and a path, like "GET /orders/:id" or "GET /market/*"',
        );
        continue;
      }
      // Two templates are one route when they differ only in the names of their parameters.
      const shape = `${method} ${template.replaceAll(/:[A-Za-z0-9_]+/g, ':')}`;
      const first = seen.get(shape);
      if (first !== undefined)
        this.#fault([...path, 'route'], `route ${first + 1} of the list has the same method and path`);
      seen.set(shape, i);
      if (first === undefined && /[:*]/.test(template)) this.#checkPattern(shape, i, patterns);
      routes.push({ method, path: template, rule });
    }
    return routes;
  }

  /** A pattern is also matched leniently, and must then stand for one rule still: see `routes.ts`. */
  #checkPattern(shape: string, i: number, patterns: Map<string, number>): void {
    const path = ['routes', i, 'route'];
    if (shape.includes('%')) this.#fault(path, 'a route with a parameter or a star has no percent-encoding');
    const lenient = shape.toLowerCase().replace(/\/$/, '');
    const first = patterns.get(lenient);
    if (first !== undefined) {
      this.#fault(
        path,
        `differs from route ${first + 1} of the list in case or a last slash only, and would not match`,
      );
    }
    patterns.set(lenient, i);
  }

  #rule(fields: Record<string, unknown>, path: Path, permissions: ReadonlyMap<string, Permission>): Rule {
    const { permission, weight = 1 } = fields;
    const isPublic = fields.public === true;
    if (fields.public !== undefined && typeof fields.public !== 'boolean') {
      this.#fault([...path, 'public'], '"public" must be true or false');
    }
    if (isPublic === (permission !== undefined)) {
      this.#fault(path, 'a route has either a "permission" or "public: true"');
    } else if (!isPublic && !permissions.has(permission as string)) {
      this.#fault(
        [...path, 'permission'],
        `there is no permission ${JSON.stringify(permission)} under "permissions"`,
      );
    }
    if (!Number.isInteger(weight) || (weight as number) < 1 || (weight as number) > MAX_WEIGHT) {
      this.#fault([...path, 'weight'], `"weight" must be a whole number from 1 to ${MAX_WEIGHT}`);
    }
    return {
      permission: isPublic ? undefined : permissions.get(permission as string),
      weight: weight as number,
      facts: this.#facts(fields.facts, [...path, 'facts']),
      webSocket: this.#webSocket(fields, isPublic, path),
    };
  }

  #webSocket(
    { webSocket, route }: Record<string, unknown>,
    isPublic: boolean,
    path: Path,
  ): Rule['webSocket'] {
    if (webSocket === undefined) return undefined;
    const at = [...path, 'webSocket'];
    const fields = this.#mapping(webSocket, at, ['login', 'public']);
    if (isPublic) this.#fault(at, 'a public route needs no login');
    if (!String(route).startsWith('GET ')) this.#fault(at, 'a WebSocket is opened by GET');
    const known = DIALECTS.filter((dialect) => dialect.webSocket !== undefined).map(({ name }) => name);
    if (!known.includes(fields.login as string)) {
      this.#fault([...at, 'login'], `"login" must be one of ${known.join(', ')}`);
    }
    const messages = fields.public === undefined ? [] : this.#list(fields.public, [...at, 'public']);
    return {
      login: fields.login as string,
      publicMessages: messages.map((given, i) => this.#publicMessage(given, [...at, 'public', i])),
    };
  }

  #publicMessage(given: unknown, path: Path): PublicMessage {
    if (typeof given === 'string') return { text: given };
    const entries = Object.entries(this.#mapping(given, path));
    if (entries.length === 0) this.#fault(path, 'a public message has at least one condition');
    const conditions = entries.map(([pointer, values]) => {
      if (!POINTER.test(pointer)) {
        this.#fault([...path, pointer], `${JSON.stringify(pointer)} is no JSON pointer: it begins with "/"`);
      }
      const list = Array.isArray(values) ? values : [values];
      const isPlain = list.every((value) => ['string', 'number', 'boolean'].includes(typeof value));
      if (list.length === 0 || !isPlain) {
        this.#fault([...path, pointer], 'a condition names one value, or a list of values');
      }
      return { pointer, values: list.map(String) };
    });
    return { conditions };
  }

  #facts(value: unknown, path: Path): FactSource[] {
    if (value === undefined) return [];
    return Object.entries(this.#mapping(value, path)).map(([name, given]) => {
      const at = [...path, name];
      if (!FACT_NAME.test(name))
        this.#fault(at, `${JSON.stringify(name)} is no name of a fact (letters, digits and "_")`);
      const fields = this.#mapping(given, at, [...FACT_PLACES, 'type']);
      const sources = FACT_PLACES.filter((from) => fields[from] !== undefined);
      const [from = 'json'] = sources;
      const place = fields[from];
      if (sources.length !== 1 || typeof place !== 'string') {
        this.#fault(
          at,
          'a fact has one of "json" (a JSON pointer), "query", "form" or "parameter" (a field\'s name)',
        );
      } else if (from === 'json' && !POINTER.test(place)) {
        this.#fault([...at, 'json'], `${JSON.stringify(place)} is no JSON pointer: it begins with "/"`);
      }
      const type = (fields.type ?? 'string') as FactType;
      if (!FACT_TYPES.includes(type))
        this.#fault([...at, 'type'], `"type" must be one of ${FACT_TYPES.join(', ')}`);
      return { name, from, at: String(place), type };
    });
  }

  #mapping(value: unknown, path: Path, known?: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#fault(path, `${describe(path)} must be a mapping`);
      return {};
    }
    for (const name of Object.keys(value)) {
      if (known !== undefined && !known.includes(name)) {
        this.#fault(
          [...path, name],
          `there is no field ${JSON.stringify(name)} here, only ${known.join(', ')}`,
        );
      }
    }
    return value as Record<string, unknown>;
  }

  #list(value: unknown, path: Path): unknown[] {
    if (Array.isArray(value)) return value;
    this.#fault(path, `${describe(path)} must be a list`);
    return [];
  }
}

function describe(path: Path): string {
  return path.length === 0 ? 'the manifest' : JSON.stringify(path.join('.'));
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
