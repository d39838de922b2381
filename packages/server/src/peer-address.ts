import type { IncomingMessage } from 'node:http';
import { contains, type Network, parseAddress } from '@countersign/core';

/**
 * Finds the address that a request really comes from. `X-Forwarded-For` counts only as far as trusted proxies
 * wrote it: read from the right, the first address that is no trusted proxy is the peer. What stands left of it, anybody
 * may have written, and nobody looks at it. A port beside an address is left out.
 *
 * @returns undefined when a trusted proxy forwarded something that is no address, or nothing where one belongs
 */
export function peerAddress(
  socketAddress: string | undefined,
  forwardedFor: string | readonly string[] | undefined,
  trusted: readonly Network[],
): string | undefined {
  if (socketAddress === undefined || !isTrusted(socketAddress, trusted)) return socketAddress;
  const text = typeof forwardedFor === 'string' ? forwardedFor : (forwardedFor ?? []).join(',');
  // A proxy that forwards no one's request is the peer itself: it looks whether the service is well.
  if (text.trim() === '') return socketAddress;
  let peer = socketAddress;
  for (const hop of text.split(',').reverse()) {
    const address = withoutPort(hop.trim());
    // Going on to the left would let a client choose: what a proxy did not say, the client may have written.
    if (parseAddress(address) === undefined) return undefined;
    peer = address;
    if (!isTrusted(address, trusted)) break;
  }
  return peer;
}

const WITH_PORT = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/;

/** Some proxies write `192.0.2.7:5678` and `[2001:db8::7]:5678`. Without brackets, an IPv6 address has no port. */
function withoutPort(hop: string): string {
  const match = WITH_PORT.exec(hop);
  if (match === null) return hop;
  const [, bracketed, ipv4 = hop] = match;
  // Brackets are for IPv6: `[192.0.2.7]` is nothing that a proxy writes.
  if (bracketed === undefined) return ipv4;
  return bracketed.includes(':') ? bracketed : hop;
}

/** The scheme that the client used: what a trusted proxy says, or how this socket is. */
export function clientScheme(request: IncomingMessage, trusted: readonly Network[]): 'http' | 'https' {
  const forwarded = request.headers['x-forwarded-proto'];
  const { remoteAddress } = request.socket;
  if (remoteAddress !== undefined && isTrusted(remoteAddress, trusted)) {
    if (forwarded === 'https' || forwarded === 'http') return forwarded;
  }
  return isEncrypted(request) ? 'https' : 'http';
}

function isEncrypted(request: IncomingMessage): boolean {
  return 'encrypted' in request.socket && request.socket.encrypted === true;
}

export function isLoopback(address: string | undefined): boolean {
  const bytes = address === undefined ? undefined : parseAddress(address);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

function isTrusted(text: string, trusted: readonly Network[]): boolean {
  if (trusted.length === 0) return false;
  const address = parseAddress(text);
  return address !== undefined && trusted.some((network) => contains(network, address));
}
