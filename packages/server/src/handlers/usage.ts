import type { UsageParams, UsageRelease } from '@countersign/contract';
import type { Engine } from '@countersign/engine';
import type { z } from 'zod';
import { type Call, done, type Reply } from './handler.ts';

/** `POST /v1/usage/{requestId}/release`: who asks for decisions also says which of them had no effect. */
export function usageHandlers(engine: Engine) {
  return {
    releaseUsage: async ({ params, body, by }: Call): Promise<Reply> => {
      const { requestId } = params as z.output<typeof UsageParams>;
      const { reason } = body as z.output<typeof UsageRelease>;
      const result = await engine.releaseUsage(requestId, by, reason);
      if (!result.ok) return result;
      const { ok: _, releasedAt, ...answer } = result;
      return done({ ...answer, releasedAt: new Date(releasedAt).toISOString() });
    },
  };
}
