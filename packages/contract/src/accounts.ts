import { ENVIRONMENTS } from '@countersign/core/credential';
import { z } from 'zod';
import { KeyCreate, RateLimit, Reason } from './keys.ts';

const environment = z.enum(ENVIRONMENTS);

const freeze = {
  isFrozen: z.boolean(),
  reason: z.string().nullable(),
  frozenAt: z.string().nullable(),
};

export const AccountParams = z.strictObject({ id: KeyCreate.shape.accountId });

const Quotas = z
  .record(RateLimit.shape.name, RateLimit.shape.quota)
  .refine((value) => Object.keys(value).length <= 100, 'at most 100 entries');

export const QuotasPut = z
  .strictObject({
    quotas: Quotas.describe("In the place of the manifest's, by the name of the limit. Replaces all of them"),
  })
  .meta({ id: 'QuotasPut' });

export const Account = z
  .object({
    accountId: z.string(),
    ...freeze,
    quotas: z.record(z.string(), z.int()),
    hasKeys: z.boolean().describe('Whether there is any key of it: if not, the id may be mistyped'),
    revision: z.int().describe('0 where nothing is stored: it differs in nothing from others'),
  })
  .meta({ id: 'Account' });

export const FreezeChange = z
  .strictObject({
    environment: environment.optional().describe('Absent: all of them'),
    reason: Reason.shape.reason,
  })
  .meta({ id: 'FreezeChange' });

const environments = z.array(z.object({ environment, ...freeze }));

export const Freezes = z
  .object({
    environments,
    frozenAccounts: z
      .array(z.object({ accountId: z.string(), ...freeze }))
      .describe('The first 1,000 by their ids'),
    frozenAccountCount: z.int(),
  })
  .meta({ id: 'Freezes' });

export const FreezeChanged = z
  .object({
    environments,
    changed: z.array(environment).describe('Those that were not so before'),
    elapsedMs: z.number(),
  })
  .meta({ id: 'FreezeChanged' });
