/**
 * How long a client may take to send a request, as Node's HTTP servers want it told. It is looked after every
 * few seconds, so that a slow one can take that much longer.
 *
 * A TLS handshake that is never made would keep a server from closing: Node counts it among no connections.
 *
 * @param ms for the whole request; its headers have half of that
 */
export function requestTimeouts(ms = 30_000) {
  const soon = Math.min(ms, 5_000);
  return {
    requestTimeout: ms,
    headersTimeout: ms / 2,
    connectionsCheckingInterval: soon,
    handshakeTimeout: soon,
  };
}
