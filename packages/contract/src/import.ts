import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from './errors.ts';

/** Most keys of one call: what the service does with them takes it some tens of milliseconds. */
export const MAX_IMPORTED_AT_ONCE = 500;

/** Each key is checked by itself, as a `KeyImport`: one that is wrong does not keep the others back. */
const item = z.unknown().meta({ $ref: '#/components/schemas/KeyImport' });

export const KeyImportBatch = z
  .strictObject({ keys: z.array(item).min(1).max(MAX_IMPORTED_AT_ONCE) })
  .meta({ id: 'KeyImportBatch' });

export const KeyImportResult = z
  .object({
    status: z
      .enum(['imported', 'already_there', 'refused'])
      .describe('`already_there`: the same id, account, kind, environment and secret; nothing was changed'),
    id: z.string().optional().describe('Absent where the key does not have the right form'),
    code: z.enum(ERROR_CODES as [ErrorCode, ...ErrorCode[]]).optional(),
    detail: z.string().optional().describe('Why it was refused, for people'),
    errors: z
      .array(z.object({ pointer: z.string().describe('JSON pointer into the key'), message: z.string() }))
      .optional(),
  })
  .meta({ id: 'KeyImportResult' });

export type KeyImportResult = z.output<typeof KeyImportResult>;

export const KeyImportResults = z
  .object({ results: z.array(KeyImportResult).describe('One for each key, in their order') })
  .meta({ id: 'KeyImportResults' });
