import { isSafeMethod } from '@countersign/core';
import type { Call } from './call.ts';
import { dateOf, type ServerClock } from './clock.ts';
import { CountersignError } from './errors.ts';
import type { HeldKey, KeyHolder } from './key-holder.ts';
import { holdsSecret, resolveTarget } from './origin.ts';
import type { Pace } from './pace.ts';
import { pause } from './pause.ts';
import { readRateLimit, readRetryAfter, resetMs } from './rate-limit.ts';
import { canBeOfTime, isOfRate, isOfSecret, isOfTimeAlone, refusalError } from './refusal-errors.ts';
import type { ReadRefusal, RefusalReader } from './refusals.ts';
import { backoffMs, isTransientFailure, isTransientStatus, mayRepeat } from './retry.ts';
import { type SignedCall, type Signer, secretsOf } from './signer.ts';
import { type Answer, responseOf } from './transport.ts';
import type { AnswerVerifier } from './verify-answers.ts';

/** What a signed request goes through. */
export interface SignedFetchParts {
  readonly baseUrl: URL;
  readonly signer: Signer;
  readonly keys: KeyHolder;
  readonly clock: ServerClock;
  readonly pace: Pace;
  readonly refusals: RefusalReader;
  readonly verifier: AnswerVerifier | undefined;
  readonly send: (request: SignedCall, signal: AbortSignal) => Promise<Answer>;
  /** Sets the clock by the time route, where there is one. */
  readonly askForTime: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  readonly retries: number;
  readonly maxWaitMs: number;
}

/** What `fetch` lets its caller say of redirects. */
export type RedirectMode = 'follow' | 'error' | 'manual';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** A try: what was sent, with which key, and what came back. */
interface Try {
  readonly request: SignedCall;
  readonly key: HeldKey;
  readonly answer: Answer;
}

/** Sends a request, signed anew on each try, until there is an answer that may be given to the caller. */
export class Delivery {
  readonly #parts: SignedFetchParts;
  readonly #signal: AbortSignal;
  readonly #redirect: RedirectMode;
  #call: Call;
  #retries = 0;
  #redirects = 0;
  #hasSetClock = false;
  #hasReloaded = false;
  /** Whether an earlier try may have arrived, so that of this request nobody can say that nothing was sent. */
  #mayHaveArrived = false;

  constructor(parts: SignedFetchParts, call: Call, signal: AbortSignal, redirect: RedirectMode) {
    this.#parts = parts;
    this.#call = call;
    this.#signal = signal;
    this.#redirect = redirect;
  }

  /** @throws {@link CountersignError}; or the reason of the caller's signal */
  async run(): Promise<Response> {
    for (;;) {
      const tried = await this.#try();
      const response = tried === undefined ? undefined : await this.#judge(tried);
      if (response !== undefined) return response;
    }
  }

  /** Undefined when it failed, and may be tried again. */
  async #try(): Promise<Try | undefined> {
    const { pace, keys, signer, clock, send, maxWaitMs } = this.#parts;
    const delayMs = pace.delayMs();
    if (delayMs > maxWaitMs) throw this.#overRate(Math.ceil(delayMs));
    await keys.settled();
    const leftMs = await pace.take(this.#signal, maxWaitMs);
    if (leftMs !== undefined) throw this.#overRate(leftMs);
    try {
      const key = keys.current();
      const request = signer.sign(this.#call, key, clock.nowMs());
      return { request, key, answer: await send(request, this.#signal) };
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      if (!isTransientFailure(error) || !this.#mayTryAgain()) throw this.#overAllTries(error);
      if (error.code !== 'connection_failed') this.#mayHaveArrived = true;
    } finally {
      pace.done();
    }
    await this.#waitForRetry(undefined);
    return undefined;
  }

  /** That the last try was not sent is no comfort where an earlier one may have had an effect. */
  #overAllTries(error: CountersignError): CountersignError {
    const saysNothingWasSent = error.code === 'connection_failed' || error.code === 'tls_failed';
    if (!saysNothingWasSent || !this.#mayHaveArrived || isSafeMethod(this.#call.method)) return error;
    return new CountersignError('connection_lost', `${error.message} An earlier try may have arrived.`, {
      system: error.system,
    });
  }

  #mayTryAgain(): boolean {
    return mayRepeat(this.#call) && this.#retries < this.#parts.retries;
  }

  async #waitForRetry(retryAfterMs: number | undefined): Promise<void> {
    const backoff = Math.min(backoffMs(this.#retries++, Math.random()), this.#parts.maxWaitMs);
    await pause(retryAfterMs ?? backoff, this.#signal);
  }

  /** What is to be done with an answer: undefined when the request is to be sent again. */
  async #judge(tried: Try): Promise<Response | undefined> {
    const { refusals, pace, keys, clock } = this.#parts;
    const { answer } = tried;
    const refusal = refusals.read(answer.status, answer.body);
    const isOverRate = answer.status === 429 || (refusal !== undefined && isOfRate(refusal));
    const quotas = readRateLimit(answer.headers.get('ratelimit'));
    const retryAfterMs =
      readRetryAfter(answer.headers.get('retry-after'), clock.nowMs()) ??
      (isOverRate ? resetMs(quotas) : undefined);
    if (isOverRate || isTransientStatus(answer.status)) {
      if (await this.#comesBack(isOverRate, retryAfterMs)) return undefined;
    }
    if (!isOverRate) pace.learn(quotas);
    this.#verify(tried, refusal);
    if (refusal !== undefined) {
      if (canBeOfTime(refusal) && (await this.#hasSetClockBy(tried, refusal))) return undefined;
      if (isOfSecret(refusal) && (await this.#hasAnotherKey(tried))) return undefined;
      throw refusalError(refusal, this.#detailsOf(tried, retryAfterMs));
    }
    keys.hasWorked(tried.key);
    if (isOverRate) throw this.#overRate(retryAfterMs, tried);
    if (REDIRECTS.has(answer.status) && answer.headers.has('location') && this.#redirect !== 'manual') {
      this.#follow(tried);
      return undefined;
    }
    if (this.#isPage(answer)) {
      throw new CountersignError(
        'answer_unexpected',
        `The answer is a page of HTML (status ${answer.status}), and none was asked for.`,
        this.#detailsOf(tried, retryAfterMs),
      );
    }
    return responseOf(answer, tried.request.url);
  }

  /** Whether the request is to be sent again after an answer that says "later", and the wait for it. */
  async #comesBack(isOverRate: boolean, retryAfterMs: number | undefined): Promise<boolean> {
    const { pace, maxWaitMs } = this.#parts;
    const waitMs = retryAfterMs ?? Math.min(backoffMs(this.#retries, 0), maxWaitMs);
    if (isOverRate) pace.holdBack(waitMs);
    if (!this.#mayTryAgain() || waitMs > maxWaitMs) return false;
    if (!isOverRate) this.#mayHaveArrived = true;
    await this.#waitForRetry(isOverRate ? 0 : retryAfterMs);
    return true;
  }

  /** An answer about the time cannot be believed by a clock that is wrong: then it must be good at its own time. */
  #verify({ answer, request }: Try, refusal: ReadRefusal | undefined): void {
    const { verifier, clock } = this.#parts;
    const fault = verifier?.faultIn(answer, request, clock.nowMs());
    if (fault === undefined || verifier === undefined) return;
    const date = refusal !== undefined && canBeOfTime(refusal) ? dateOf(answer.headers) : undefined;
    if (date === undefined || !verifier.isGoodAt(answer, request, date)) throw fault;
  }

  /** Whether the clock was wrong, is right now, and the request may be sent again. */
  async #hasSetClockBy(tried: Try, refusal: ReadRefusal): Promise<boolean> {
    const { clock, askForTime } = this.#parts;
    if (this.#hasSetClock) return false;
    this.#hasSetClock = true;
    const { answer, request } = tried;
    const { sentAt, receivedAt } = answer;
    const serverMs = dateOf(answer.headers);
    const wasChanged =
      askForTime === undefined
        ? serverMs !== undefined && clock.learn({ sentAt, receivedAt, serverMs, resolutionMs: 1000 })
        : await askForTime(this.#signal);
    if (!wasChanged) return false;
    if (isOfTimeAlone(refusal) || mayRepeat(this.#call)) return true;
    throw new CountersignError(
      'clock_off',
      `The clock was off and is set right now; ${request.method} is not sent again by itself, because the refusal could mean that it was used before.`,
      { ...this.#detailsOf(tried, undefined), denials: refusal.denials },
    );
  }

  /** Whether the secret was rotated, so that the request may be signed with the new one. */
  async #hasAnotherKey({ key }: Try): Promise<boolean> {
    if (this.#hasReloaded) return false;
    this.#hasReloaded = true;
    return (await this.#parts.keys.successorOf(key, this.#signal)) !== undefined;
  }

  /** Goes on to another address of the same origin, if nothing is changed by that. */
  #follow({ answer: { status, headers }, key }: Try): void {
    const { method, url } = this.#call;
    const location = headers.get('location') ?? '';
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
    if (next === undefined || next.origin !== this.#parts.baseUrl.origin) {
      const isShown = next !== undefined && !holdsSecret(next.origin, secretsOf(key));
      const where = isShown ? next.origin : 'somewhere else';
      throw new CountersignError('redirected', `The server points to ${where}, to which nothing is sent.`, {
        status,
      });
    }
    if (this.#redirect === 'error' || (method !== 'GET' && method !== 'HEAD')) {
      throw new CountersignError('redirected', `The server points ${method} to another address.`, { status });
    }
    if (++this.#redirects > MAX_REDIRECTS) {
      throw new CountersignError('redirected', `The server points on and on, ${MAX_REDIRECTS} times.`, {
        status,
      });
    }
    this.#call = { ...this.#call, url: resolveTarget(next, this.#parts.baseUrl) };
  }

  #isPage({ headers, body }: Answer): boolean {
    const asks = this.#call.headers.some(([name, value]) => name === 'accept' && value.includes('text/html'));
    return !asks && body.length > 0 && /^\s*text\/html\b/i.test(headers.get('content-type') ?? '');
  }

  #overRate(retryAfterMs: number | undefined, tried?: Try): CountersignError {
    return new CountersignError('rate_limited', 'The rate limit is used up.', {
      ...(tried === undefined ? {} : this.#detailsOf(tried, undefined)),
      retryAfterMs,
    });
  }

  #detailsOf({ answer, request }: Try, retryAfterMs: number | undefined) {
    return { status: answer.status, retryAfterMs, answer: responseOf(answer, request.url) };
  }
}
