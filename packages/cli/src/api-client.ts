import { randomUUID } from 'node:crypto';
import { ROUTES, type RouteContract, type RouteId } from '@countersign/contract';
import type { Connection } from './connection.ts';
import { callOverHttp, type HttpAnswer, type HttpCall, NOT_CONNECTED } from './http-call.ts';
import { type Outcome, ProblemError, readProblem, ServiceError } from './service-error.ts';

/** What a call carries, besides the route. */
export interface CallInput {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Sent as `If-Match`. */
  readonly revision?: number;
  /** Sent as `Idempotency-Key`; a fresh one where none is given. */
  readonly idempotencyKey?: string;
}

export interface Answered<T> {
  readonly value: T;
  /** Whether the service had carried out this very request before. */
  readonly isReplayed: boolean;
}

export interface ApiClient {
  /**
   * Calls a route of the contract. The answer was checked against the route's schema, and is given as it came,
   * with members that this version does not know.
   *
   * @throws {@link ServiceError}
   */
  call<T>(route: RouteId, input?: CallInput): Promise<T>;
  callForAnswer<T>(route: RouteId, input?: CallInput): Promise<Answered<T>>;
}

const TIMEOUT_MS = 60_000;
const CONNECT_MS = 10_000;
/** Posts that change nothing, and need no idempotency key. */
const READ_ONLY_POSTS: ReadonlySet<RouteId> = new Set(['verify', 'dryRunAllowedIps', 'learnTemplate']);
/** Posts that do the same when they are sent twice, and need none either. */
const REPEATABLE_POSTS: ReadonlySet<RouteId> = new Set(['importKeys']);
const NEVER_SENT: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing listens there. Start the service (countersign serve), or give its address with --url or COUNTERSIGN_URL',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  [NOT_CONNECTED]: 'the connection is not answered',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed. Name the authority in NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is from an unknown authority. Name it in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is from an unknown authority. Name it in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is from an unknown authority. Name it in NODE_EXTRA_CA_CERTS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  EPROTO: 'it does not speak TLS, or none that is known here (is it http://?)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS (is it http://?)',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS (is it http://?)',
};

/** Makes a client that calls with a bearer token. Redirects are not followed: the token stays with one host. */
export function createApiClient({ url, token, tokenSource }: Connection): ApiClient {
  async function callForAnswer<T>(id: RouteId, input: CallInput = {}): Promise<Answered<T>> {
    const route: RouteContract = ROUTES[id];
    const target = url + pathOf(route, input);
    const isChange = route.method !== 'GET' && !READ_ONLY_POSTS.has(id);
    const call: HttpCall = {
      method: route.method,
      headers: headersOf(route, input, isChange && !REPEATABLE_POSTS.has(id)),
      body: route.method === 'GET' ? undefined : JSON.stringify(input.body ?? {}),
      connectMs: CONNECT_MS,
      timeoutMs: TIMEOUT_MS,
    };
    const outcome: Outcome = isChange ? 'unknown' : 'nothing_changed';
    // A repeated request is the same request: its idempotency key is the same. An edit has none.
    const attempts = route.method === 'PATCH' || route.method === 'PUT' ? 1 : 2;
    const answer = await send(target, call, attempts, outcome);
    const value = parsed(answer.text);
    if (answer.status < 200 || answer.status >= 300) throw refusal(answer, value, outcome);
    if (value === undefined) throw new ServiceError(notJson(answer), outcome);
    if (route.answer !== undefined && !route.answer.safeParse(value).success) {
      throw new ServiceError(
        `${url} answered with JSON that this version does not understand. Is it Countersign, and of the same version?`,
        outcome,
      );
    }
    return { value: value as T, isReplayed: answer.headers['idempotency-replayed'] === 'true' };
  }

  function headersOf(route: RouteContract, input: CallInput, needsKey: boolean): Record<string, string> {
    return {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(route.method === 'GET' ? {} : { 'content-type': 'application/json' }),
      ...(route.method === 'POST' && needsKey
        ? { 'idempotency-key': input.idempotencyKey ?? randomUUID() }
        : {}),
      ...(input.revision === undefined ? {} : { 'if-match': `"${input.revision}"` }),
    };
  }

  async function send(target: string, call: HttpCall, attempts: number, outcome: Outcome) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await callOverHttp(target, call);
      } catch (error) {
        const failure = unanswered(error, outcome);
        const isTimeout = (error as Error).name === 'TimeoutError';
        if (failure.outcome === 'nothing_changed' || isTimeout || attempt >= attempts) throw failure;
      }
    }
  }

  function unanswered(error: unknown, outcome: Outcome): ServiceError {
    if ((error as Error).name === 'TimeoutError') {
      return new ServiceError(`${url} did not answer within ${TIMEOUT_MS / 1000} s.`, outcome);
    }
    const { code = '', message } = error as NodeJS.ErrnoException;
    const known = NEVER_SENT[code];
    if (known !== undefined) return new ServiceError(`${url} cannot be called: ${known}.`, 'nothing_changed');
    const why = code.startsWith('HPE_')
      ? 'what answers there does not speak HTTP'
      : 'the connection ended without an answer';
    return new ServiceError(
      `${url} cannot be called: ${why} (${code || message || 'no reason given'}).`,
      outcome,
    );
  }

  function refusal(answer: HttpAnswer, value: unknown, outcome: Outcome): ServiceError {
    const problem = readProblem(answer.status, value, answer.headers['retry-after']);
    if (problem === undefined) return new ServiceError(notJson(answer), outcome);
    const isAboutToken = answer.status === 401;
    return new ProblemError(problem, isAboutToken ? [`  The credential came from ${tokenSource}.`] : []);
  }

  function notJson({ status, headers, text }: HttpAnswer): string {
    if (status >= 300 && status < 400) {
      return `${url} answered ${status}, a redirect, which is not followed. Give the address of the service itself.`;
    }
    const type = headers['content-type']?.split(';', 1)[0];
    const what =
      text.trim() === '' ? 'with nothing' : `with ${type ?? 'something'} that is no answer of the service`;
    return `${url} answered ${status} ${what}. Is this the address of Countersign, or of something before it?`;
  }

  return {
    callForAnswer,
    call: async <T>(id: RouteId, input?: CallInput) => (await callForAnswer<T>(id, input)).value,
  };
}

function pathOf(route: RouteContract, { params = {}, query = {} }: CallInput): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
