import type { AdviceQuery, AllowedIpsDryRun, TemplateLearn } from '@countersign/contract';
import type { AddressUse, Engine } from '@countersign/engine';
import type { z } from 'zod';
import { type Call, done, type Handler } from './handler.ts';

const DAY_MS = 86_400_000;

/** The routes that say what the recorded traffic of keys needs. */
export function adviceHandlers({ advice }: Engine) {
  return {
    dryRunAllowedIps: async ({ params, body }: Call) => {
      const { allowedIps, days } = body as z.output<typeof AllowedIpsDryRun>;
      const result = await advice.dryRun((params as { id: string }).id, allowedIps, days);
      if (!result.ok) return result;
      const { ok: _, ...dryRun } = result;
      return done({
        days,
        ...dryRun,
        refused: dryRun.refused.map(addressView),
        examples: dryRun.examples.map((example) => ({ ...example, at: iso(example.at) })),
      });
    },
    adviseKey: async ({ params, query }: Call) => {
      const { days } = query as z.output<typeof AdviceQuery>;
      const result = await advice.advice((params as { id: string }).id, days);
      if (!result.ok) return result;
      const { ok: _, permissions, allowedIps, instruments, ...rest } = result;
      return done({
        days,
        ...rest,
        permissions: permissions.map(useView),
        allowedIps: { ...allowedIps, used: allowedIps.used.map(addressView) },
        instruments: { ...instruments, used: instruments.used.map(useView) },
      });
    },
    learnTemplate: async ({ body }: Call) => {
      const { credentialId, accountId = '', name, days } = body as z.output<typeof TemplateLearn>;
      const from = credentialId === undefined ? { accountId } : { credentialId };
      const result = await advice.learn(from, name, days);
      if (!result.ok) return result;
      const { ok: _, template, permissions, ...rest } = result;
      const { expiresInMs, ...shown } = template;
      return done({
        days,
        ...rest,
        template: {
          ...shown,
          expiresInSeconds: expiresInMs === undefined ? undefined : expiresInMs / 1000,
        },
        permissions: permissions.map(useView),
      });
    },
  } satisfies Record<string, Handler>;
}

function useView<T extends { readonly lastAt: number | null }>({ lastAt, ...use }: T) {
  return { ...use, lastUsedAt: lastAt === null ? null : iso(lastAt) };
}

function addressView({ firstDay, ...use }: AddressUse) {
  return { ...useView(use), firstDay: iso(firstDay * DAY_MS).slice(0, 10) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
