import type { IncomingMessage } from 'node:http';
import type { WireRequest } from '@countersign/core';

const NO_BODY = new Uint8Array();

/** Describes a request of Node's server. `body`: undefined when it was too long to be read whole. */
export function wireRequestOf(
  request: IncomingMessage & { originalUrl?: string },
  body: Uint8Array | undefined,
  ip: string | undefined,
  scheme: string,
): WireRequest {
  return {
    method: request.method ?? '',
    // Express cuts the mount path off `url`; what the client signed is in `originalUrl`.
    target: request.originalUrl ?? request.url ?? '',
    headers: request.rawHeaders,
    body: body ?? NO_BODY,
    bodyIsTruncated: body === undefined,
    ip,
    scheme: scheme === 'https' ? 'https' : 'http',
  };
}
