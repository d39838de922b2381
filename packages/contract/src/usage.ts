import { z } from 'zod';
import { reason } from './keys.ts';

export const UsageParams = z.strictObject({ requestId: z.string().min(1).max(128) });

export const UsageRelease = z
  .strictObject({ reason: reason.optional().describe('Why the request had no effect, for the log') })
  .meta({ id: 'UsageRelease' });

export const UsageReleased = z
  .object({
    requestId: z.string(),
    credentialId: z.string(),
    amount: z.string().nullable().describe('What it had spent, as a decimal; null when nothing'),
    cost: z
      .int()
      .nullable()
      .describe('Units that it had used up of each of its rate limits; null when it has none'),
    releasedAt: z.string().describe('ISO 8601'),
    wasReleased: z.boolean().describe('Whether that had happened before, and nothing now'),
  })
  .meta({ id: 'UsageReleased' });
