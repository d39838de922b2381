import { describe, expect, it } from 'vitest';
import { openApiDocument, ROUTES, type RouteContract } from '../src/index.ts';

type Json = Record<string, unknown>;
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: Json }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Json };
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: Json }> }>;
  readonly security: readonly Json[];
  readonly 'x-permission'?: string;
}

const document = openApiDocument('1.2.3') as Json & { paths: Record<string, Record<string, Operation>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('OpenAPI document', () => {
  it('says that it is 3.1, with title and version', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Countersign', version: '1.2.3' } });
    expect(Object.keys(document).sort()).toEqual(['components', 'info', 'openapi', 'paths']);
  });

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('has no reference that leads nowhere', () => {
    const missing = referencesIn(document).filter((reference) => resolve(document, reference) === undefined);
    expect(missing).toEqual([]);
    expect(JSON.stringify(document)).not.toContain('$defs');
  });

  it('uses every schema of its components', () => {
    const used = new Set(referencesIn(document));
    const { schemas } = document.components as { schemas: Json };
    expect(Object.keys(schemas).filter((name) => !used.has(`#/components/schemas/${name}`))).toEqual([]);
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes exactly the routes of the contract', () => {
    const described = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort();
    expect(described).toEqual(
      Object.values(ROUTES)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });

  it.each(operations)('$method $path is well-formed', ({ path, operation }) => {
    const route = Object.entries(ROUTES).find(([id]) => id === operation.operationId)?.[1] as RouteContract;
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const parameters = operation.parameters ?? [];
    expect(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(inPath);
    for (const parameter of parameters) {
      expect(['path', 'query', 'header']).toContain(parameter.in);
      expect(parameter.schema).toBeTypeOf('object');
      if (parameter.in === 'path') expect(parameter.required).toBe(true);
    }
    const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(operation.summary).not.toBe('');
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(status).toMatch(/^[1-5]\d\d$/);
      expect(response.description).not.toBe('');
    }
    expect(operation.responses[route.status]).toBeDefined();
    expect(operation.security.length === 0).toBe(route.permission === null);
    expect(operation['x-permission']).toBe(route.permission ?? undefined);
    expect(operation.requestBody === undefined).toBe(route.body === undefined);
    const takesIdempotencyKey = parameters.some(({ name }) => name === 'Idempotency-Key');
    expect(takesIdempotencyKey).toBe(route.method === 'POST');
  });

  it('declares the security schemes that operations name', () => {
    const { securitySchemes } = document.components as { securitySchemes: Json };
    const named = new Set(operations.flatMap(({ operation }) => operation.security.flatMap(Object.keys)));
    expect([...named].sort()).toEqual(Object.keys(securitySchemes).sort());
  });
});

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}

/** Resolves `#/…`; references to anything else are not resolved. */
function resolve(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>(
      (value, part) => (value as Json | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')],
      root,
    );
}
