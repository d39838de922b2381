import { z } from 'zod';
import { Constraints, KeyCreate } from './keys.ts';

/** Activity is kept for as long. */
const MAX_DAYS = 90;
const DEFAULT_DAYS = 30;

const days = z.int().min(1).max(MAX_DAYS).default(DEFAULT_DAYS);
const count = z.int();
const instant = z.string().nullable();
const day = z.string().describe('A day in UTC, like "2027-02-01"');

export const AddressUse = z
  .object({
    ip: z.string().nullable().describe('Null where it was not known'),
    requests: count,
    permissions: z.array(z.string()),
    firstDay: day,
    lastUsedAt: z.string(),
  })
  .meta({ id: 'AddressUse' });

export const AllowedIpsDryRun = z
  .strictObject({ allowedIps: KeyCreate.shape.allowedIps.unwrap(), days })
  .meta({ id: 'AllowedIpsDryRun' });

export const AllowedIpsDryRunResult = z
  .object({
    days: count,
    requests: count.describe('One about several instruments is counted for each'),
    refusedRequests: count,
    refusedAddresses: count,
    refused: z.array(AddressUse).describe('The most frequent first, at most 100'),
    unknownRequests: count.describe('Their addresses were too many to be kept'),
    unusedEntries: z.array(z.string()).describe('What of the list nobody used'),
    examples: z
      .array(
        z.object({
          requestId: z.string(),
          at: z.string(),
          ip: z.string().nullable(),
          method: z.string(),
          path: z.string(),
        }),
      )
      .describe('Of the latest 1,000 decisions'),
  })
  .meta({ id: 'AllowedIpsDryRunResult' });

export const AdviceQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(MAX_DAYS).default(DEFAULT_DAYS),
});

const note = z.string().nullable().describe('Why nothing is proposed, where that is not plain');

export const Advice = z
  .object({
    days: count,
    revision: z.int().describe('Of the key that was looked at: for If-Match'),
    tooLittle: z.array(z.string()).describe('Why there is too little to go by; empty where there is enough'),
    permissions: z.array(
      z.object({
        permission: z.string(),
        isUsed: z.boolean(),
        requests: count,
        lastUsedAt: instant,
      }),
    ),
    allowedIps: z.object({
      used: z.array(AddressUse),
      proposal: z.array(z.string()).nullable(),
      note,
    }),
    instruments: z.object({
      used: z.array(z.object({ instrument: z.string(), requests: count, lastUsedAt: z.string() })),
      proposal: z.array(z.string()).nullable(),
      note,
    }),
    constraints: z
      .array(z.string())
      .describe('Constraints that the key lacks, and that requests have the facts for'),
    edit: z
      .object({
        permissions: z.array(z.string()).optional(),
        allowedIps: z.array(z.string()).optional(),
        constraints: Constraints.optional(),
      })
      .nullable()
      .describe('The body of the edit that applies it; null where there is nothing to trim'),
  })
  .meta({ id: 'Advice' });

export const TemplateLearn = z
  .strictObject({
    credentialId: z.string().min(1).max(128).optional(),
    accountId: z.string().min(1).max(128).optional(),
    days,
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z][A-Za-z0-9 _.-]*$/, 'letters, digits, blanks and _ . -')
      .default('learned'),
  })
  .refine(
    ({ credentialId, accountId }) => (credentialId === undefined) !== (accountId === undefined),
    'needs one of credentialId and accountId',
  )
  .meta({ id: 'TemplateLearn' });

export const LearnedTemplate = z
  .object({
    days: count,
    keys: count,
    template: z.object({
      name: z.string(),
      description: z.string(),
      permissions: z.array(z.string()),
      constraints: Constraints.optional(),
      expiresInSeconds: count.optional(),
      needs: z.array(z.string()).describe('JSON pointers of what the maker of a key must give'),
    }),
    yaml: z.string().describe("For the manifest's `templates`"),
    permissions: z.array(
      z.object({
        permission: z.string(),
        requests: count,
        lastUsedAt: z.string(),
        wasDenied: z.boolean().describe('The key lacks it: all of these requests were denied'),
      }),
    ),
    routes: z
      .array(z.object({ route: z.string(), permission: z.string().nullable(), requests: count }))
      .describe('Of the latest 1,000 decisions'),
  })
  .meta({ id: 'LearnedTemplate' });
