import type { IncomingMessage } from 'node:http';
import type { Network, WireRequest } from '@countersign/core';
import { clientScheme, peerAddress } from '../peer-address.ts';

const NO_BODY = Buffer.alloc(0);

/**
 * Describes a request as it came off the wire, with the address that it really comes from. `body`: undefined
 * when it was too long to be read whole.
 */
export function wireRequestOf(
  request: IncomingMessage,
  body: Buffer | undefined,
  trusted: readonly Network[],
): WireRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.rawHeaders,
    body: body ?? NO_BODY,
    bodyIsTruncated: body === undefined,
    ip: peerAddress(request.socket.remoteAddress, request.headers['x-forwarded-for'], trusted),
    scheme: clientScheme(request, trusted),
  };
}
