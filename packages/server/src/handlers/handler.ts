import type { ErrorCode } from '@countersign/contract';
import type { By, Fault } from '@countersign/engine';
import type { Caller } from '../caller.ts';

/** A call of a route, read and checked by its schemas. */
export interface Call {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Who calls. On anonymous routes nobody is asked. */
  readonly caller: Caller;
  /** On whose behalf keys are changed; remembers the answer for the idempotency key. */
  readonly by: By;
}

export type Reply =
  | {
      readonly ok: true;
      readonly status?: number;
      readonly body: unknown;
      readonly headers?: Record<string, string>;
    }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly detail: string;
      readonly errors?: readonly Fault[] | undefined;
    };

export type Handler = (call: Call) => Promise<Reply> | Reply;

export function done(body: unknown): Reply {
  return { ok: true, body };
}

export function failed(code: ErrorCode, detail: string): Reply {
  return { ok: false, code, detail };
}
