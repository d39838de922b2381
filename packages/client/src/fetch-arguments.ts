import { type Call, makeCall } from './call.ts';
import { CountersignError } from './errors.ts';
import { resolveTarget } from './origin.ts';
import type { RedirectMode } from './signed-fetch.ts';
import { unlessAborted } from './unless-aborted.ts';

/** What was given to `fetch`, read whole. */
export interface FetchArguments {
  readonly call: Call;
  readonly signal: AbortSignal | undefined;
  readonly redirect: RedirectMode;
}

/** What `fetch` says of a text by itself. */
const OF_TEXT = 'text/plain;charset=UTF-8';

/**
 * Reads the arguments of `fetch` as the global one does. A text without a type is no `text/plain` here, which no API
 * takes: see {@link makeCall}.
 *
 * @throws {@link CountersignError} `request_invalid`, `origin_refused`
 */
export async function readFetchArguments(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  baseUrl: URL,
  securityHeaders: readonly string[],
): Promise<FetchArguments> {
  const url = resolveTarget(input instanceof Request ? input.url : input, baseUrl);
  const request = requestOf(input instanceof Request ? input : url, init);
  const body = await bodyOf(request);
  const headers = new Headers(request.headers);
  const isNamed = headers.get('content-type') !== OF_TEXT || new Headers(init?.headers).has('content-type');
  if (typeof init?.body === 'string' && !isNamed) headers.delete('content-type');
  return {
    call: makeCall(request.method, url, headers, body, securityHeaders),
    signal: init?.signal ?? (input instanceof Request ? input.signal : undefined),
    redirect: init?.redirect ?? (input instanceof Request ? input.redirect : 'follow'),
  };
}

function requestOf(input: Request | URL, init: RequestInit | undefined): Request {
  refuseObject(init?.body);
  // A stream is read here, and never sent: this is what `fetch` wants to hear about one.
  const options = { ...init, duplex: 'half' } as RequestInit;
  try {
    return new Request(input, options);
  } catch {
    // What is thrown quotes what was given.
    throw new CountersignError('request_invalid', 'Method, headers or body are none that fetch takes.');
  }
}

/** An object would be sent as the words `[object Object]`, and an array without its brackets. */
function refuseObject(body: unknown): void {
  const isPlain =
    typeof body === 'object' && body !== null && Object.getPrototypeOf(body) === Object.prototype;
  if (!isPlain && !Array.isArray(body)) return;
  throw new CountersignError('request_invalid', 'The body is an object: give JSON.stringify of it.');
}

async function bodyOf(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await unlessAborted(request.arrayBuffer(), request.signal));
  } catch {
    request.signal.throwIfAborted();
    throw new CountersignError('request_invalid', 'The body cannot be read, or was read before.');
  }
}
