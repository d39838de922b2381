import {
  type Credential,
  type DenialCode,
  type Dialect,
  decimalOf,
  pathOf,
  type WireRequest,
} from '@countersign/core';
import { fingerprintText } from '../credentials/fingerprint.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuditEntryDraft, LoggedNonce, LoggedRisingNonce } from '../ports/audit-log.ts';
import type { OneUse, Taken } from '../ports/claim-and-meter.ts';
import { lastNumber, textMember } from './json-text.ts';

/** Codes that stand for several reasons: which it was is in the log, because most exchanges have one message for all. */
const EXPLAINED: ReadonlySet<DenialCode> = new Set(['constraint_violated', 'rate_limited']);

/**
 * A decision as an entry of the log. It is put into words when it is written, with many others: while it is
 * made, the request waits. It names the credential that the request named, and says whether that was proved: an
 * attempt with somebody's id belongs in that one's history. The query is left out, because it may hold what is nobody's business.
 */
export class DecisionEntry implements AuditEntryDraft {
  readonly type = 'decision';
  readonly at: number;
  readonly requestId: string;
  readonly credentialId: string | undefined;
  readonly accountId: string | undefined;
  readonly #isAuthenticated: boolean;
  #code: string | undefined;
  readonly #detail: string | undefined;
  readonly #clockDeltaMs: number | undefined;
  readonly #permission: string | undefined;
  readonly #dialect: string | undefined;
  readonly #method: string;
  readonly #target: string;
  readonly #ip: string | undefined;
  readonly #used: OneUse | undefined;
  #amount: bigint | undefined;
  #taken: Taken | undefined;

  constructor(
    decision: Decision,
    request: WireRequest,
    at: number,
    requestId: string,
    credential: Credential | undefined,
    isAuthenticated: boolean,
    dialect: Dialect | undefined,
    permission: string | undefined,
    used: OneUse | undefined,
    taken: Taken | undefined,
  ) {
    this.at = at;
    this.requestId = requestId;
    this.credentialId = credential?.id;
    this.accountId = credential?.accountId;
    this.#isAuthenticated = isAuthenticated;
    this.#code = decision.allowed ? undefined : decision.code;
    this.#detail = !decision.allowed && EXPLAINED.has(decision.code) ? decision.detail : undefined;
    this.#clockDeltaMs = decision.allowed ? undefined : decision.clockDeltaMs;
    this.#permission = permission;
    this.#dialect = dialect?.name;
    this.#method = request.method;
    this.#target = request.target;
    this.#ip = request.ip;
    this.#used = used;
    this.#taken = taken;
    this.#amount = taken === undefined || taken.amount === 0n ? undefined : taken.amount;
  }

  /** What the decision took of limits. */
  get taken(): Taken | undefined {
    return this.#taken;
  }

  /**
   * Before it is written: the answer was `unavailable` after all, because it could not be written in time. What was
   * allowed was not let through, and takes nothing of limits.
   */
  withdraw(): void {
    this.#code ??= 'unavailable';
    this.#taken = undefined;
    this.#amount = undefined;
  }

  get nonce(): LoggedNonce | undefined {
    if (this.#used?.nonce === undefined) return undefined;
    const { nonce, bound, nonceExpiresAt: expiresAt } = this.#used;
    return {
      fingerprint: fingerprintText(nonce),
      bound: bound === undefined ? undefined : fingerprintText(bound),
      expiresAt,
    };
  }

  get rising(): LoggedRisingNonce | undefined {
    if (this.#used?.rising === undefined) return undefined;
    const { series, value, keep } = this.#used.rising;
    return { series, value: String(value), keep };
  }

  get data(): Readonly<Record<string, unknown>> {
    return {
      allowed: this.#code === undefined,
      code: this.#code,
      detail: this.#detail,
      authenticated: this.#isAuthenticated,
      clockDeltaMs: this.#clockDeltaMs,
      permission: this.#permission,
      dialect: this.#dialect,
      method: this.#method,
      path: pathOf(this.#target),
      ip: this.#ip,
      amount: this.#amount === undefined ? undefined : decimalOf(this.#amount),
    };
  }

  /** The entry as JSON, put together by hand: `JSON.stringify` would take four times as long. */
  toLine(): string {
    const used = this.#used === undefined ? '' : usedText(this.#used);
    const amount = this.#amount === undefined ? '' : `,"amount":"${decimalOf(this.#amount)}"`;
    const delta = this.#clockDeltaMs === undefined ? '' : `,"clockDeltaMs":${this.#clockDeltaMs}`;
    return (
      `{"at":${startText(this.at)},"type":"decision"${credentialMember(this.credentialId)}` +
      `${accountMember(this.accountId)},"requestId":"${this.requestId}"${used}` +
      `,"data":{"allowed":${this.#code === undefined}${codeMember(this.#code)}` +
      // Not kept like the others: there are seconds in it, and it would push them out.
      `${this.#detail === undefined ? '' : `,"detail":${JSON.stringify(this.#detail)}`}` +
      `,"authenticated":${this.#isAuthenticated}${delta}` +
      `${permissionMember(this.#permission)}${dialectMember(this.#dialect)}${methodMember(this.#method)}` +
      `${pathMember(pathOf(this.#target))}${ipMember(this.#ip)}${amount}}}`
    );
  }

  toJSON(): AuditEntryDraft {
    const { at, type, credentialId, accountId, requestId, nonce, rising, data } = this;
    return { at, type, credentialId, accountId, requestId, nonce, rising, data };
  }
}

function usedText({ nonce, bound, nonceExpiresAt, rising }: OneUse): string {
  if (rising !== undefined) {
    const { series, value, keep } = rising;
    return `,"rising":{"series":${JSON.stringify(series)},"value":"${value}","keep":${keep}}`;
  }
  if (nonce === undefined) return '';
  const binding = bound === undefined ? '' : `,"bound":"${fingerprintText(bound)}"`;
  return `,"nonce":{"fingerprint":"${fingerprintText(nonce)}"${binding},"expiresAt":${endText(nonceExpiresAt)}}`;
}

const credentialMember = textMember('credentialId');
const accountMember = textMember('accountId');
const codeMember = textMember('code');
const permissionMember = textMember('permission');
const dialectMember = textMember('dialect');
const methodMember = textMember('method');
const pathMember = textMember('path');
const ipMember = textMember('ip');
const startText = lastNumber();
const endText = lastNumber();

/** An entry of any type as one line of JSON: what is stored, and what a Merkle leaf is hashed over. */
export function lineOf(entry: AuditEntryDraft): string {
  return entry instanceof DecisionEntry ? entry.toLine() : JSON.stringify({ ...entry, taken: undefined });
}
