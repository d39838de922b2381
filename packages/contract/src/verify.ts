import { ENVIRONMENTS } from '@countersign/core/credential';
import { DENIAL_CODES, type DenialCode } from '@countersign/core/denial';
import { z } from 'zod';

const MAX_HEADERS = 200;
const headerName = z.string().min(1).max(256);
const headerValue = z.string().max(16_384);

const Headers = z.union([
  z.array(z.tuple([headerName, headerValue])).max(MAX_HEADERS),
  z
    .record(headerName, z.union([headerValue, z.array(headerValue).max(MAX_HEADERS)]))
    .refine((value) => Object.keys(value).length <= MAX_HEADERS, `at most ${MAX_HEADERS} headers`),
]);

export const VerifyRequest = z
  .strictObject({
    dialect: z.string().max(64).optional(),
    environment: z.enum(ENVIRONMENTS).optional(),
    request: z
      .strictObject({
        method: z.string().max(32),
        target: z.string().max(16_384).describe('Path and query exactly as they came'),
        headers: Headers,
        body: z.string().optional(),
        bodyBase64: z.base64().optional(),
        ip: z.string().max(64).optional(),
        message: z
          .string()
          .max(1_048_576)
          .optional()
          .describe('A login inside the WebSocket that this request opened: it is then what is verified'),
        challenge: z
          .string()
          .min(16)
          .max(512)
          .optional()
          .describe(
            'What the client of that WebSocket was given to sign: random, and of this one connection',
          ),
        scheme: z.enum(['http', 'https']).optional().describe('For dialects that sign the whole URL'),
      })
      .refine(({ body, bodyBase64 }) => body === undefined || bodyBase64 === undefined, {
        path: ['bodyBase64'],
        message: 'is given instead of body, not beside it',
      }),
    permission: z.string().min(1).max(64).optional(),
    cost: z.int().min(1).max(1_000_000).optional(),
    facts: z
      .record(
        z.string().min(1).max(64),
        z.union([z.string().max(256), z.array(z.string().max(256)).min(1).max(1000)]),
      )
      .optional(),
    stepUpAt: z
      .int()
      .optional()
      .describe('When the account holder last proved a second factor to the caller, in ms since 1970'),
  })
  .meta({ id: 'VerifyRequest' });

export type VerifyRequest = z.infer<typeof VerifyRequest>;

const RateLimitState = z.object({
  name: z.string(),
  quota: z.int(),
  windowSeconds: z.number(),
  remaining: z.int(),
  resetSeconds: z.int().describe('Until the whole quota is free again, if nothing more is asked'),
  nextSeconds: z.int().describe('Until more of it is free than now; 0 when all of it is'),
});

const AllowedDecision = z.object({
  allowed: z.literal(true),
  requestId: z.string(),
  credential: z
    .object({
      id: z.string(),
      accountId: z.string(),
      environment: z.enum(ENVIRONMENTS),
      permissions: z.array(z.string()),
      label: z.string(),
      revision: z.int(),
      metadata: z.record(z.string(), z.string()),
    })
    .nullable()
    .describe('null on a route that the manifest declares public'),
  permission: z.string().nullable(),
  dialect: z.string().nullable(),
  matched: z.enum(['wire', 'decoded', 'decoded-plus', 'encoded']).nullable(),
  secretVersion: z.int().nullable(),
  rateLimits: z.array(RateLimitState).describe("The key's own limits first, then the operator's"),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'Headers to set on the answer to the client: how its rate limits stand, and that its secret ends',
    ),
  retiringSecret: z
    .object({ replacedAt: z.int(), retiresAt: z.int() })
    .optional()
    .describe('Set where the bot still uses a secret that was replaced; in ms since 1970'),
  validUntil: z
    .int()
    .optional()
    .describe(
      'Ms since 1970 from which on the same proof is refused: an open WebSocket is to be closed then',
    ),
  reply: z
    .string()
    .optional()
    .describe("The exchange's answer to a login inside a WebSocket; absent where the upstream answers it"),
});

const DeniedDecision = z.object({
  allowed: z.literal(false),
  requestId: z.string(),
  code: z.enum(DENIAL_CODES as [DenialCode, ...DenialCode[]]),
  status: z.int(),
  detail: z.string(),
  clockDeltaMs: z.number().optional(),
  retryAfterSeconds: z.number().optional(),
  credentialId: z.string().optional().describe('Set once the caller had proved who they are'),
  response: z
    .object({ status: z.int(), headers: z.record(z.string(), z.string()), body: z.string() })
    .describe("What the dialect's own exchange would have answered, ready to be sent on"),
});

export const ExplainRequest = VerifyRequest.extend({
  clientPrehash: z.string().max(1_048_576).optional().describe('What the client says it signed'),
}).meta({ id: 'ExplainRequest' });

export type ExplainRequest = z.infer<typeof ExplainRequest>;

export const Explanation = z
  .object({
    code: z
      .enum(DENIAL_CODES as [DenialCode, ...DenialCode[]])
      .nullable()
      .describe('What the request would be refused for. Replay and rate limits are not asked'),
    detail: z.string(),
    clockDeltaMs: z.number().optional(),
    dialect: z.string().nullable(),
    credentialId: z.string().nullable(),
    matched: z.enum(['wire', 'decoded', 'decoded-plus', 'encoded']).nullable(),
    prehash: z
      .object({ text: z.string(), bytes: z.int() })
      .nullable()
      .describe('What the signature should cover, with characters that do not show as escapes'),
    mistake: z
      .object({ name: z.string(), advice: z.string(), keyId: z.string().optional() })
      .nullable()
      .describe("The known mistake that makes the client's signature"),
    alignment: z
      .object({
        isEqual: z.boolean(),
        differsAt: z.int().optional(),
        before: z.string().optional(),
        server: z.string().optional(),
        client: z.string().optional(),
        after: z.string().optional(),
      })
      .optional()
      .describe("Where the client's signed text and the service's part"),
  })
  .meta({ id: 'Explanation' });

export const Decision = z
  .discriminatedUnion('allowed', [AllowedDecision, DeniedDecision])
  .meta({ id: 'Decision' });
