import type { ViolationsQuery } from '@countersign/contract';
import type { Template } from '@countersign/core';
import type { Engine } from '@countersign/engine';
import type { z } from 'zod';
import { readCursor, writeCursor } from './cursor.ts';
import { type Call, done, failed, type Handler } from './handler.ts';

/** What the manifest says of keys in general: its templates, and which keys violate its policies. */
export function policyHandlers({ keys }: Engine) {
  return {
    // A manifest has a hundred at most: there is one page.
    listTemplates: () => done({ data: keys.templates().map(templateView), nextCursor: null }),
    listViolations: async ({ query }: Call) => {
      const { cursor, limit } = query as z.output<typeof ViolationsQuery>;
      const afterId = readCursor(cursor);
      if (afterId === undefined)
        return failed('invalid_query', 'The cursor is not one that a list answered with.');
      const { data, nextAfterId } = await keys.violations({ afterId, limit });
      return done({ data, nextCursor: nextAfterId === undefined ? null : writeCursor(nextAfterId) });
    },
  } satisfies Record<string, Handler>;
}

function templateView(template: Template) {
  const { name, description, permissions, kind, allowedIps, constraints, rateLimits, needs } = template;
  return {
    name,
    description: description ?? null,
    permissions,
    kind: kind ?? null,
    allowedIps: allowedIps ?? null,
    constraints: constraints ?? {},
    rateLimits: rateLimits ?? [],
    expiresInSeconds: template.expiresInMs === undefined ? null : template.expiresInMs / 1000,
    needs,
  };
}
