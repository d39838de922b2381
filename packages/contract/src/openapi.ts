import { z } from 'zod';
import { ERRORS, type ErrorCode } from './errors.ts';
import { PROBLEM_MEDIA_TYPE, Problem } from './problem.ts';
import { ROUTES, type RouteContract, type RouteId } from './routes.ts';

/** Errors that any route with a caller can answer. */
const CALLER_ERRORS: readonly ErrorCode[] = [
  'credential_missing',
  'malformed_request',
  'timestamp_invalid',
  'timestamp_out_of_window',
  'credential_unknown',
  'signature_mismatch',
  'algorithm_not_allowed',
  'dialect_not_allowed',
  'replayed',
  'credential_disabled',
  'credential_expired',
  'credential_quarantined',
  'ip_not_allowed',
  'permission_denied',
  'rate_limited',
  'too_many_failures',
  'unavailable',
];
const BODY_ERRORS: readonly ErrorCode[] = ['invalid_json', 'unsupported_media_type', 'body_too_large'];
const POST_ERRORS: readonly ErrorCode[] = [
  'idempotency_key_invalid',
  'idempotency_key_reused',
  'idempotency_in_flight',
];
const ANY_ERRORS: readonly ErrorCode[] = ['internal_error', 'headers_too_large'];

/** Every error that a route can answer. */
export function errorsOf(route: RouteContract): readonly ErrorCode[] {
  return [
    ...new Set([
      ...route.errors,
      ...(route.permission === null ? [] : CALLER_ERRORS),
      ...(route.body === undefined ? [] : BODY_ERRORS),
      ...(route.method === 'POST' ? POST_ERRORS : []),
      ...ANY_ERRORS,
    ]),
  ];
}

type Json = Record<string, unknown>;

/** Makes the OpenAPI 3.1 document, from the same schemas that check requests. */
export function openApiDocument(version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const [id, route] of Object.entries(ROUTES) as [RouteId, RouteContract][]) {
    paths[route.path] ??= {};
    (paths[route.path] as Json)[route.method.toLowerCase()] = operation(id, route, schemas);
  }
  schemaOf(Problem, schemas, 'output');
  return {
    openapi: '3.1.0',
    info: { title: 'Countersign', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An operator token, over TLS or loopback only',
        },
        signature: {
          type: 'http',
          scheme: 'signature',
          description: 'RFC 9421, with created, nonce and keyid',
        },
      },
    },
  };
}

function operation(id: RouteId, route: RouteContract, schemas: Json): Json {
  const parameters = [
    ...parametersOf(route.params, 'path'),
    ...parametersOf(route.query, 'query'),
    ...(route.method === 'POST' ? [header('Idempotency-Key', false)] : []),
    ...(id === 'editKey' ? [header('If-Match', true)] : []),
  ];
  return {
    operationId: id,
    summary: route.summary,
    ...(route.permission === null
      ? { security: [] }
      : { security: [{ bearer: [] }, { signature: [] }], 'x-permission': route.permission }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyIsOptional !== true,
            content: { 'application/json': { schema: schemaOf(route.body, schemas, 'input') } },
          },
        }),
    responses: { [route.status]: success(route, schemas), ...failures(route) },
  };
}

function success(route: RouteContract, schemas: Json): Json {
  const mediaType = route.mediaType ?? 'application/json';
  const schema = route.answer === undefined ? {} : schemaOf(route.answer, schemas, 'output');
  return { description: 'Done', content: { [mediaType]: { schema } } };
}

function failures(route: RouteContract): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('\n\n'),
        content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
        'x-codes': codes,
      },
    ]),
  );
}

function header(name: string, required: boolean): Json {
  return { name, in: 'header', required, schema: { type: 'string' } };
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Json;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

/** A named schema goes under `components` and is referred to; any other stands where it is used. */
function schemaOf(schema: z.ZodType, schemas: Json, io: 'input' | 'output'): Json {
  const text = JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  const {
    $schema: _,
    $defs = {},
    ...json
  } = JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')) as Json & { $defs?: Json };
  Object.assign(schemas, $defs);
  const { id } = schema.meta() ?? {};
  if (typeof id !== 'string') return json;
  schemas[id] ??= json;
  return { $ref: `#/components/schemas/${id}` };
}
