import type { WireRequest } from '@countersign/core';
import type { Decision, Engine } from '@countersign/engine';

/** Who calls the management API: an operator credential that was verified. */
export interface Caller {
  readonly credentialId: string;
  readonly permissions: readonly string[];
  readonly requestId: string;
}

/**
 * Decides whether an operator may make a call. It asks the one verifier, as any other face does. A bearer
 * token is only asked about over TLS or loopback: elsewhere it has been read by others already.
 */
export async function verifyCaller(
  engine: Engine,
  request: WireRequest,
  permission: string,
  isConfidential: boolean,
): Promise<Decision> {
  const isBearer = /^bearer\b/i.test(authorizationOf(request) ?? '');
  const dialect = isBearer && isConfidential ? 'bearer' : 'rfc9421';
  // A token covers no body; the limit of the bodies that are verified would be taken for that of our own calls.
  const asked = dialect === 'bearer' ? { ...request, body: NO_BODY } : request;
  return engine.verify(asked, { dialect, permission, audience: 'operators' });
}

const NO_BODY = new Uint8Array();

function authorizationOf(request: WireRequest): string | undefined {
  for (let i = 0; i + 1 < request.headers.length; i += 2) {
    if (request.headers[i]?.toLowerCase() === 'authorization') return request.headers[i + 1];
  }
  return undefined;
}
