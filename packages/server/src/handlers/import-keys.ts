import { KeyImport, type KeyImportBatch, type KeyImportResult } from '@countersign/contract';
import type { Engine, ImportInput, ImportResult, KeyRefusal } from '@countersign/engine';
import type { z } from 'zod';
import { checked } from '../read-call.ts';
import { type Call, done, type Handler } from './handler.ts';

/** `POST /v1/keys/import/batch`: each key is checked by itself, and those that are right are imported together. */
export function importHandlers({ keys }: Engine) {
  return {
    importKeys: async ({ body, by }: Call) => {
      const given = (body as z.output<typeof KeyImportBatch>).keys;
      const results: KeyImportResult[] = [];
      const inputs: { readonly at: number; readonly input: ImportInput }[] = [];
      for (const [at, value] of given.entries()) {
        const read = checked(KeyImport, value, 'invalid_body');
        if (read.ok) inputs.push({ at, input: importInput(read.value as z.output<typeof KeyImport>) });
        else results[at] = refusedResult(read);
      }
      const outcomes = await keys.importKeys(
        inputs.map(({ input }) => input),
        by,
      );
      for (const [i, { at, input }] of inputs.entries()) {
        results[at] = resultOf(input.id, outcomes[i] as ImportResult);
      }
      return done({ results });
    },
  } satisfies Record<string, Handler>;
}

/** A key to be imported, as the engine takes it. */
export function importInput({ expiresAt, ...input }: z.output<typeof KeyImport>): ImportInput {
  return { ...input, expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt) };
}

function resultOf(id: string, outcome: ImportResult): KeyImportResult {
  if (outcome.status === 'refused') return { id, ...refusedResult(outcome.refusal) };
  return { status: outcome.status, id };
}

function refusedResult({
  code,
  detail,
  errors,
}: Pick<KeyRefusal, 'detail' | 'errors'> & Coded): KeyImportResult {
  return { status: 'refused', code, detail, ...(errors === undefined ? {} : { errors: [...errors] }) };
}

interface Coded {
  readonly code: NonNullable<KeyImportResult['code']>;
}
