import type { FreezeChange, QuotasPut } from '@countersign/contract';
import type { AccountChanged, AccountRefusal, Engine, FreezesChanged } from '@countersign/engine';
import type { z } from 'zod';
import { type Call, done, failed, type Handler, type Reply } from './handler.ts';
import { revisionOf } from './revision.ts';

type ReasonBody = { readonly reason: string };
type FreezeBody = z.output<typeof FreezeChange>;

/** The routes of accounts, and of what is frozen. */
export function accountHandlers({ accounts }: Engine) {
  return {
    showAccount: async ({ params }: Call) => done(await accounts.get(idOf(params))),
    setQuotas: async ({ params, body, headers, by }: Call) => {
      const revision = revisionOf(headers['if-match']);
      if (revision === undefined) {
        const detail = 'Send If-Match with the revision of the account that you saw; 0 where it has none.';
        return failed('revision_missing', detail);
      }
      const { quotas } = body as z.output<typeof QuotasPut>;
      return accountReply(await accounts.setQuotas(idOf(params), quotas, revision, by));
    },
    freezeAccount: async ({ params, body, by }: Call) =>
      accountReply(await accounts.freeze(idOf(params), (body as ReasonBody).reason, by)),
    unfreezeAccount: async ({ params, body, by }: Call) =>
      accountReply(await accounts.unfreeze(idOf(params), (body as ReasonBody).reason, by)),
    showFreezes: async () => done(await accounts.freezes()),
    freeze: async ({ body, by }: Call) => {
      const { environment, reason } = body as FreezeBody;
      return freezeReply(await accounts.freezeEnvironment(environment, reason, by));
    },
    unfreeze: async ({ body, by }: Call) => {
      const { environment, reason } = body as FreezeBody;
      return freezeReply(await accounts.unfreezeEnvironment(environment, reason, by));
    },
  } satisfies Record<string, Handler>;
}

function accountReply(result: AccountChanged | AccountRefusal): Reply {
  return result.ok ? done(result.account) : result;
}

function freezeReply({ ok: _, ...answer }: FreezesChanged): Reply {
  return done(answer);
}

function idOf(params: unknown): string {
  return (params as { id: string }).id;
}
