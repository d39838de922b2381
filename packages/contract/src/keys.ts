import { CREDENTIAL_KINDS, CREDENTIAL_STATUSES, ENVIRONMENTS, WEEKDAYS } from '@countersign/core/credential';
import { z } from 'zod';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:@-]*$/;
const VISIBLE = /^[^\p{Cc}\p{Cs}]*$/u;

const accountId = z.string().min(1).max(128).regex(NAME, 'letters, digits and _ . : @ -');
const label = z.string().max(100).regex(VISIBLE, 'no control characters');
const permission = z.string().min(1).max(64);
export const reason = z.string().min(1).max(500).regex(VISIBLE, 'no control characters');
const instant = z.iso
  .datetime({ offset: true, error: 'is not an existing time with its zone, like "2027-02-01T08:00:00Z"' })
  .describe('ISO 8601 with a zone');
const amount = z
  .string('is not a decimal as text, in quotes: "1000" or "0.25"')
  .max(61, 'has more than 30 digits on a side of the point')
  .describe('A decimal as text: "1000" or "0.25"');

export const RateLimit = z.strictObject({
  name: z.string().min(1).max(64).regex(NAME, 'letters, digits and _ . : @ -'),
  quota: z.int().min(1).max(1_000_000_000),
  windowSeconds: z.int().min(1).max(2_592_000),
});

const words = (most: number) => z.array(z.string().min(1).max(64)).min(1).max(most);
const timeOfDay = z.string().max(5).describe('"HH:MM"');

export const Hours = z.strictObject({
  timeZone: z.string().min(1).max(64).describe('A name of the IANA time zone database'),
  windows: z
    .array(
      z.strictObject({
        days: z.array(z.enum(WEEKDAYS)).min(1).max(7),
        from: timeOfDay,
        to: timeOfDay.describe('"HH:MM", up to "24:00": the first minute that is not in the window'),
      }),
    )
    .min(1)
    .max(21),
});

export const Constraints = z.strictObject({
  instruments: words(500).optional(),
  sides: words(20).optional(),
  orderTypes: words(50).optional(),
  maxNotionalPerOrder: amount.optional(),
  maxNotionalPerDay: amount.optional().describe('In any 24 hours'),
  maxNotionalPer30Days: amount.optional().describe('In any 720 hours'),
  withdrawalAddresses: z.array(z.string().min(1).max(256)).min(1).max(100).optional(),
  hours: Hours.optional(),
  expression: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe('In the Common Expression Language, over the facts of a request'),
});

const Metadata = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((value) => Object.keys(value).length <= 32, 'at most 32 entries');

const restrictions = {
  permissions: z.array(permission).max(100),
  allowedIps: z.array(z.string().max(50)).min(1).max(100).describe('Addresses and CIDR blocks'),
  constraints: Constraints,
  rateLimits: z.array(RateLimit).max(8),
  nonceWindow: z
    .int()
    .min(0)
    .describe(
      "For dialects whose nonces rise: how far below the highest nonce a lower one may still come, in the unit of the client's nonces",
    ),
  metadata: Metadata,
};

export const KeyCreate = z
  .strictObject({
    accountId,
    label: label.default(''),
    environment: z.enum(ENVIRONMENTS),
    template: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Name of a template of the manifest, for what is not given. Fields that are given win'),
    kind: z.enum(CREDENTIAL_KINDS).optional().describe('Needed, unless the template says it'),
    dialects: z.array(z.string().max(64)).min(1).max(20).optional(),
    passphrase: z.string().min(8).max(32).optional(),
    publicKey: z
      .string()
      .max(4096)
      .optional()
      .describe('For asymmetric kinds: PEM (SPKI), or for secp256k1 the Ethereum address'),
    permissions: restrictions.permissions.optional().describe('Needed, unless there is a template'),
    allowedIps: restrictions.allowedIps.optional(),
    expiresAt: instant.optional(),
    constraints: restrictions.constraints.optional(),
    rateLimits: restrictions.rateLimits.optional(),
    nonceWindow: restrictions.nonceWindow.optional(),
    metadata: restrictions.metadata.optional(),
  })
  .meta({ id: 'KeyCreate' });

export const KeyImport = KeyCreate.omit({ template: true })
  .extend({
    kind: z.enum(CREDENTIAL_KINDS),
    permissions: restrictions.permissions,
    id: z
      .string()
      .min(1)
      .max(128)
      .regex(/^(?!\.{1,2}$)[\x21-\x7e]+$/, 'printable ASCII without spaces, and not a dot or two'),
    secret: z.string().min(1).max(512).optional(),
    passphrase: z.string().min(1).max(64).optional(),
  })
  .meta({ id: 'KeyImport' });

export const KeyEdit = z
  .strictObject({
    label: label.optional(),
    permissions: restrictions.permissions.optional(),
    allowedIps: restrictions.allowedIps.nullable().optional(),
    expiresAt: instant.nullable().optional(),
    constraints: restrictions.constraints.optional(),
    rateLimits: restrictions.rateLimits.optional(),
    nonceWindow: restrictions.nonceWindow.optional(),
    metadata: restrictions.metadata.optional(),
  })
  .meta({ id: 'KeyEdit' });

export const KeyRotate = z
  .strictObject({
    graceSeconds: z.int().min(0).max(2_592_000).default(86_400),
    publicKey: z.string().max(4096).optional().describe('The new public key, for asymmetric kinds'),
  })
  .meta({ id: 'KeyRotate' });

export const KeyRetirePrevious = z
  .strictObject({
    version: z
      .int()
      .min(1)
      .optional()
      .describe('The version that is meant: nothing is done when another one is in its grace meanwhile'),
  })
  .meta({ id: 'KeyRetirePrevious' });

export const Reason = z.strictObject({ reason }).meta({ id: 'Reason' });

const wait = z.enum(['local', 'everywhere']).default('local');

export const KeyRevoke = z.strictObject({ reason, wait }).meta({ id: 'KeyRevoke' });

export const RevocationCreate = z
  .strictObject({
    accountId: accountId.optional(),
    environment: z.enum(ENVIRONMENTS).optional(),
    createdBefore: instant.optional().describe('A time that has been: ISO 8601 with a zone'),
    metadata: Metadata.optional(),
    reason,
    wait,
  })
  .refine(
    ({ accountId, environment, createdBefore, metadata }) =>
      accountId !== undefined ||
      environment !== undefined ||
      createdBefore !== undefined ||
      Object.keys(metadata ?? {}).length > 0,
    'needs at least one of accountId, environment, createdBefore and metadata',
  )
  .meta({ id: 'RevocationCreate' });

export const Revoked = z
  .object({
    revision: z.int(),
    revoked: z.int(),
    confirmedNodes: z.int(),
    everywhere: z.boolean(),
    elapsedMs: z.number(),
  })
  .meta({ id: 'Revoked' });

export const Key = z
  .object({
    id: z.string(),
    accountId: z.string(),
    label: z.string(),
    environment: z.enum(ENVIRONMENTS),
    kind: z.enum(CREDENTIAL_KINDS),
    dialects: z.array(z.string()).nullable(),
    permissions: z.array(z.string()),
    allowedIps: z.array(z.string()).nullable(),
    constraints: Constraints,
    rateLimits: z.array(RateLimit),
    nonceWindow: z.int(),
    metadata: z.record(z.string(), z.string()),
    status: z.enum(CREDENTIAL_STATUSES),
    createdAt: z.string(),
    expiresAt: z.string().nullable(),
    widenedAt: z
      .string()
      .nullable()
      .describe(
        'When it was made, or allowed more than before: from here the cool-downs of its permissions count',
      ),
    withdrawalAddressesSince: z
      .record(z.string(), z.string())
      .describe('Since when addresses are on the list to withdraw to, where they have to cool down'),
    lastUsedAt: z.string().nullable(),
    lastUsedIp: z.string().nullable(),
    secretVersions: z.array(
      z.object({
        version: z.int(),
        createdAt: z.string(),
        retiresAt: z.string().nullable(),
        lastUsedAt: z.string().nullable(),
        lastUsedIp: z.string().nullable(),
      }),
    ),
    permissionUsage: z
      .array(z.object({ permission: z.string(), lastUsedAt: z.string().nullable() }))
      .nullable()
      .describe(
        'When each permission was last used, in the last 90 days. Null in lists and in answers to changes, where it is not looked up',
      ),
    revision: z.int(),
  })
  .meta({ id: 'Key' });

export const KeyWithSecret = Key.extend({
  secret: z.string().optional().describe('Shown this once; absent where the customer keeps the private key'),
}).meta({ id: 'KeyWithSecret' });

export const cursor = z.string().max(256).optional();
export const limit = z.coerce.number().int().min(1).max(200).default(50);

export const KeyListQuery = z.strictObject({
  accountId: accountId.optional(),
  status: z.enum(CREDENTIAL_STATUSES).optional(),
  cursor,
  limit,
});

export const KeyList = z
  .object({ data: z.array(Key), nextCursor: z.string().nullable() })
  .meta({ id: 'KeyList' });

export const KeyParams = z.strictObject({ id: z.string().min(1).max(128) });
