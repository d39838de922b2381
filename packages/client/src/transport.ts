import { CountersignError, type CountersignErrorCode } from './errors.ts';
import type { SignedCall } from './signer.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Sends a request: `fetch`, or one that has a proxy or an authority of its own. It must not follow redirects. */
export type Transport = typeof globalThis.fetch;

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Ms of this machine's own clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface TransportLimits {
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** Systems' codes for a request that never left. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const OF_TLS = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/;
const OF_PARSER = /^HPE_/;
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,60}$/;

/**
 * Sends a request once and reads the whole answer, within a time.
 *
 * @param signal the caller's: aborted, it rejects with its reason
 * @throws {@link CountersignError} that says whether the request can have arrived
 */
export async function send(
  { method, url, headers, body }: SignedCall,
  transport: Transport,
  { timeoutMs, maxAnswerBytes }: TransportLimits,
  ownClock: () => number,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    controller.abort();
  }, timeoutMs);
  const sentAt = ownClock();
  try {
    const sent = transport(url, {
      method,
      headers: { ...headers },
      ...(body.length === 0 ? {} : { body }),
      redirect: 'manual',
      signal: controller.signal,
    });
    // A transport may not listen to the signal that it is given.
    const response = await unlessAborted(sent, controller.signal);
    const receivedAt = ownClock();
    if (response.redirected)
      throw new CountersignError('redirected', 'The transport followed a redirect by itself.');
    if (response.status < 200 || response.status > 599) {
      throw new CountersignError('answer_unexpected', `There is no status ${response.status} in HTTP.`);
    }
    const read = await unlessAborted(readBody(response, maxAnswerBytes), controller.signal);
    const { status, statusText } = response;
    return { status, statusText, headers: response.headers, body: read, sentAt, receivedAt };
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    signal.throwIfAborted();
    if (isLate) throw new CountersignError('timeout', `There was no whole answer within ${timeoutMs} ms.`);
    throw connectionFailure(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    controller.abort();
  }
}

async function readBody({ body, status }: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new CountersignError('answer_too_large', `The answer is longer than ${maxBytes} bytes.`, {
        status,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Says what a failed `fetch` means, for requests that are sent without a client. Only the system's code is taken from it. */
export function connectionFailure(error: unknown): CountersignError {
  const cause = (error as { cause?: { code?: unknown; message?: unknown } }).cause;
  const code = cause?.code ?? (error as { code?: unknown }).code;
  const system = typeof code === 'string' && SYSTEM_CODE.test(code) ? code : undefined;
  if (cause?.message === 'bad port')
    return failed('connection_failed', 'fetch refuses to connect to this port', system);
  if (system === undefined)
    return failed('connection_lost', 'The connection ended without a whole answer', system);
  if (NEVER_SENT.has(system)) return failed('connection_failed', 'There is no connection', system);
  if (OF_TLS.test(system)) return failed('tls_failed', 'The other end did not prove who it is', system);
  if (OF_PARSER.test(system))
    return failed('answer_unexpected', 'What answers there does not speak HTTP', system);
  return failed('connection_lost', 'The connection ended without a whole answer', system);
}

function failed(code: CountersignErrorCode, what: string, system: string | undefined): CountersignError {
  return new CountersignError(code, system === undefined ? `${what}.` : `${what} (${system}).`, { system });
}

const WITHOUT_BODY = new Set([204, 205, 304]);
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The answer as `fetch` gives one. */
export function responseOf({ status, statusText, headers, body }: Answer, url: string): Response {
  const reason = REASON_PHRASE.test(statusText) ? statusText : '';
  const given = WITHOUT_BODY.has(status) ? null : body;
  const response = new Response(given, { status, statusText: reason, headers });
  return Object.defineProperty(response, 'url', { value: url });
}

/** The body as text, for looking into what may be no text at all. */
export function textOf({ body }: Answer): string {
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
}
