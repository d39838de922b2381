import type { Allowed, Engine } from '@countersign/engine';

/** Gives back what a decision took of limits if its request failed before anything of it was sent. Never rejects. */
export type TakeBack = (decision: Allowed, error: unknown) => Promise<void>;

/** @param release absent: nothing is ever given back */
export function takeBackBy(
  release: Engine['releaseUsage'] | undefined,
  onError: (error: unknown) => void,
): TakeBack {
  return async ({ requestId, credential }, error) => {
    if (release === undefined || credential === null || !wasNeverSent(error)) return;
    try {
      await release(requestId, { actor: 'service' }, 'The upstream could not be reached.');
    } catch (fault) {
      onError(fault);
    }
  };
}

/** Calls of the system that come before the first byte of a request. */
const BEFORE = new Set(['connect', 'getaddrinfo']);

/**
 * Whether no connection could be made. Of anything else, a connection that broke off, or an answer that did not come,
 * nobody knows what the request has done.
 */
function wasNeverSent(error: unknown): boolean {
  const { code, syscall, errors } = error as { code?: string; syscall?: string; errors?: unknown[] };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  // Of a name with several addresses, one fault for each of them.
  if (Array.isArray(errors)) return errors.length > 0 && errors.every(wasNeverSent);
  return syscall !== undefined && BEFORE.has(syscall);
}
