import {
  type Claim,
  type Denial,
  type Dialect,
  denial,
  type ReadContext,
  type WireRequest,
} from '@countersign/core';

/** Stage 2: reads what a request says of itself, or a message inside the WebSocket that it opened. */
export function readClaim(request: WireRequest, dialect: Dialect, context: ReadContext): Claim | Denial {
  const { message } = request;
  if (message === undefined) return dialect.read(request, context);
  if (dialect.webSocket?.recognises(message))
    return dialect.webSocket.read(message, { ...context, handshake: request });
  return denial('malformed_request', `The message is no login of ${dialect.name}.`);
}
