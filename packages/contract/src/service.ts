import { z } from 'zod';

export const AuditQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  credentialId: z.string().max(128).optional(),
  accountId: z.string().max(128).optional(),
  type: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  latest: z
    .enum(['true', 'false'])
    .default('false')
    .describe('The last entries that fit instead of the first, in the order of the log'),
});

export const AuditEntries = z
  .object({
    data: z.array(
      z
        .looseObject({ index: z.int(), at: z.number().describe('Ms since 1970'), type: z.string() })
        .describe('With the members of its type'),
    ),
    nextCursor: z.string().nullable().describe('Give it as `after`'),
  })
  .meta({ id: 'AuditEntries' });

export const KeyringState = z
  .object({
    currentKekId: z.string(),
    isRunning: z.boolean().describe('Whether values are being wrapped anew'),
    rewrapped: z.int().describe('Values wrapped anew since the service started'),
    fault: z.string().nullable().describe('What stopped it last'),
  })
  .meta({ id: 'KeyringState' });

export const AnswerKey = z
  .object({
    keyId: z.string().describe('What `keyid` says in signed answers: the thumbprint of the key (RFC 7638)'),
    algorithm: z.literal('ed25519'),
    publicKey: z.string().describe('PEM'),
  })
  .meta({ id: 'AnswerKey' });

export const Health = z
  .object({ status: z.enum(['ok', 'unavailable']), reasons: z.array(z.string()) })
  .meta({ id: 'Health' });
