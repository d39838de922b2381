import type { IncomingMessage } from 'node:http';
import { contains, type Network, parseAddress } from '@countersign/core';

/**
 * Finds the address that a request really comes from. `X-Forwarded-For` counts only as far as trusted proxies
 * wrote it: read from the right, the first address that is no trusted proxy is the peer.
 *
 * @returns undefined when a trusted proxy forwarded something that is no address
 */
export function peerAddress(
  socketAddress: string | undefined,
  forwardedFor: string | readonly string[] | undefined,
  trusted: readonly Network[],
): string | undefined {
  if (socketAddress === undefined || !isTrusted(socketAddress, trusted)) return socketAddress;
  const hops = (Array.isArray(forwardedFor) ? forwardedFor.join(',') : ((forwardedFor as string) ?? ''))
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  let peer = socketAddress;
  for (const hop of hops.reverse()) {
    if (parseAddress(hop) === undefined) return undefined;
    peer = hop;
    if (!isTrusted(hop, trusted)) break;
  }
  return peer;
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
