import { CREDENTIAL_KINDS, CREDENTIAL_STATUSES } from '@countersign/core/credential';
import { z } from 'zod';
import { Constraints, cursor, limit, RateLimit } from './keys.ts';

export const Template = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    permissions: z.array(z.string()),
    kind: z.enum(CREDENTIAL_KINDS).nullable().describe('null: the maker says it'),
    allowedIps: z.array(z.string()).nullable(),
    constraints: Constraints,
    rateLimits: z.array(RateLimit),
    expiresInSeconds: z.number().nullable().describe('From the making of a key to its expiry'),
    needs: z.array(z.string()).describe('JSON pointers of fields that must be given beside the template'),
  })
  .meta({ id: 'Template' });

export const TemplateList = z
  .object({ data: z.array(Template), nextCursor: z.null() })
  .meta({ id: 'TemplateList' });

export const ViolationsQuery = z.strictObject({ cursor, limit });

export const ViolatingKey = z
  .object({
    id: z.string(),
    accountId: z.string(),
    label: z.string(),
    status: z.enum(CREDENTIAL_STATUSES),
    faults: z.array(
      z.object({
        pointer: z.string().describe('JSON pointer into the key'),
        message: z.string(),
        permission: z.string().optional().describe('The permission whose policy is violated'),
        policy: z.string().optional().describe('Its name in the manifest'),
      }),
    ),
  })
  .meta({ id: 'ViolatingKey' });

export const ViolationList = z
  .object({
    data: z.array(ViolatingKey),
    nextCursor: z
      .string()
      .nullable()
      .describe('A page may be empty, and not the last: go on until this is null'),
  })
  .meta({ id: 'ViolationList' });
