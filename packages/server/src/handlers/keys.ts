import type {
  KeyCreate,
  KeyEdit,
  KeyImport,
  KeyListQuery,
  KeyRetirePrevious,
  KeyRevoke,
  KeyRotate,
  RevocationCreate,
} from '@countersign/contract';
import type { Engine, KeyChanged, KeyRefusal, KeysRevoked, StandingDeed } from '@countersign/engine';
import type { z } from 'zod';
import { readCursor, writeCursor } from './cursor.ts';
import { type Call, done, failed, type Handler, type Reply } from './handler.ts';
import { importInput } from './import-keys.ts';
import { revisionOf } from './revision.ts';

/** What a management change is answered with. The secret is exposed here and nowhere else. */
export function keyAnswer(result: KeyChanged | KeysRevoked): unknown {
  if ('revoked' in result) {
    const { ok: _, ...answer } = result;
    return answer;
  }
  return result.secret === undefined ? result.key : { ...result.key, secret: result.secret.expose() };
}

function reply(result: KeyChanged | KeysRevoked | KeyRefusal): Reply {
  return result.ok ? done(keyAnswer(result)) : result;
}

/** The routes under "Keys". */
export function keyHandlers({ keys }: Engine) {
  const standing =
    (deed: StandingDeed): Handler =>
    async ({ params, body, by }) =>
      reply(await keys.changeStanding(idOf(params), deed, (body as { reason: string }).reason, by));

  return {
    createKey: async ({ body, by }: Call) => {
      const { expiresAt, ...input } = body as z.output<typeof KeyCreate>;
      return reply(await keys.issue({ ...input, expiresAt: instant(expiresAt) }, by));
    },
    importKey: async ({ body, by }: Call) =>
      reply(await keys.importKey(importInput(body as z.output<typeof KeyImport>), by)),
    listKeys: async ({ query }: Call) => {
      const { cursor, limit, ...filter } = query as z.output<typeof KeyListQuery>;
      const afterId = readCursor(cursor);
      if (afterId === undefined)
        return failed('invalid_query', 'The cursor is not one that a list answered with.');
      const data = await keys.list({ ...filter, afterId, limit: limit + 1 });
      const page = data.slice(0, limit);
      const last = page.at(-1);
      return done({
        data: page,
        nextCursor: data.length > limit && last !== undefined ? writeCursor(last.id) : null,
      });
    },
    showKey: async ({ params }: Call) => {
      const key = await keys.get(idOf(params));
      return key === undefined ? failed('not_found', 'There is no key of that id.') : done(key);
    },
    editKey: async ({ params, body, headers, by }: Call) => {
      const revision = revisionOf(headers['if-match']);
      if (revision === undefined) {
        return failed('revision_missing', 'Send If-Match with the revision of the key that you saw.');
      }
      const { expiresAt, ...edit } = body as z.output<typeof KeyEdit>;
      const change = { ...edit, expiresAt: expiresAt === null ? null : instant(expiresAt) };
      return reply(await keys.edit(idOf(params), change, revision, by));
    },
    rotateKey: async ({ params, body, by }: Call) => {
      const { graceSeconds, publicKey } = body as z.output<typeof KeyRotate>;
      return reply(await keys.rotate(idOf(params), graceSeconds, by, publicKey));
    },
    retirePrevious: async ({ params, body, by }: Call) => {
      const { version } = body as z.output<typeof KeyRetirePrevious>;
      return reply(await keys.retirePrevious(idOf(params), by, version));
    },
    disableKey: standing('disable'),
    enableKey: standing('enable'),
    quarantineKey: standing('quarantine'),
    releaseKey: standing('release'),
    // One node: when a change is committed, everywhere is here.
    revokeKey: async ({ params, body, by }: Call) =>
      reply(await keys.revoke(idOf(params), (body as z.output<typeof KeyRevoke>).reason, by)),
    revokeKeys: async ({ body, by }: Call) => {
      const { reason, wait: _, createdBefore, ...filter } = body as z.output<typeof RevocationCreate>;
      return reply(await keys.revokeAll({ ...filter, createdBefore: instant(createdBefore) }, reason, by));
    },
  } satisfies Record<string, Handler>;
}

function idOf(params: unknown): string {
  return (params as { id: string }).id;
}

function instant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
