import { dialectNamed, type WireRequest } from '@countersign/core';
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
export function verifyCaller(
  engine: Engine,
  request: WireRequest,
  permission: string,
  isConfidential: boolean,
): Promise<Decision> {
  const isBearer = isConfidential && dialectNamed('bearer')?.recognises(request) === true;
  const dialect = isBearer ? 'bearer' : 'rfc9421';
  return engine.verify(request, { dialect, permission, audience: 'operators' });
}
