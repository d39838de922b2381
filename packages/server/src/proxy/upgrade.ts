import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Environment, HttpAnswer, Network } from '@countersign/core';
import type { Allowed, Decision, Verifier } from '@countersign/engine';
import type { Pool } from 'undici';
import { endSocket, problemAnswerOf } from '../answers.ts';
import { upstreamHeaders } from './headers.ts';
import { wireRequestOf } from './wire-request.ts';

interface Parts {
  readonly verifier: Verifier;
  readonly environment: Environment;
  readonly pool: Pool;
  readonly trustedProxies: readonly Network[];
  readonly onError: (error: unknown) => void;
}

const NO_BODY = Buffer.alloc(0);
const LOGIN_INSIDE =
  'Clients of this exchange log in by a message inside the WebSocket, and that cannot be verified yet. ' +
  'Sign the handshake (rfc9421, bearer), or declare the route public in the manifest if it carries public data only.';

/** Lets WebSockets through whose handshake is verified, or whose route is public. */
export function createUpgradeHandler({ verifier, environment, pool, trustedProxies, onError }: Parts) {
  const open = new Set<Duplex>();

  async function handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    const wire = wireRequestOf(request, NO_BODY, trustedProxies);
    // It goes on as GET (RFC 6455 section 4.1): verified as anything else, it would be another route's.
    if (request.headers.upgrade?.toLowerCase() !== 'websocket' || request.method !== 'GET') {
      return endSocket(
        socket,
        problemAnswerOf(
          'malformed_request',
          'Only WebSocket upgrades, which are GET requests, are passed on.',
          'none',
        ),
      );
    }
    const decision = await verifier.verify(wire, { environment });
    if (!decision.allowed) return endSocket(socket, refusalOf(decision));
    const from = { ip: wire.ip, scheme: wire.scheme ?? 'http' };
    await tunnel(socket, head, wire.target, upstreamHeaders(request.rawHeaders, decision, from), decision);
  }

  async function tunnel(client: Duplex, head: Buffer, path: string, headers: string[], decision: Allowed) {
    let upgraded: Awaited<ReturnType<Pool['upgrade']>>;
    try {
      upgraded = await pool.upgrade({ path, method: 'GET', headers, protocol: 'websocket' });
    } catch (error) {
      onError(error);
      const detail = 'The API behind this address did not accept the WebSocket.';
      return endSocket(client, problemAnswerOf('upstream_unavailable', detail, decision.requestId));
    }
    const server = upgraded.socket;
    const lines = Object.entries(upgraded.headers)
      .filter(([name]) => !['connection', 'upgrade'].includes(name))
      .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}`));
    client.write(
      `${['HTTP/1.1 101 Switching Protocols', 'connection: upgrade', 'upgrade: websocket', ...lines].join('\r\n')}\r\n\r\n`,
    );
    if (head.length > 0) server.write(head);
    // Either side may go away at any time; that is the end of the tunnel and no fault.
    await Promise.allSettled([pipeline(client, server), pipeline(server, client)]);
    client.destroy();
    server.destroy();
  }

  return {
    handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      handle(request, socket, head).catch((error: unknown) => {
        onError(error);
        socket.destroy();
      });
    },
    close(): void {
      for (const socket of open) socket.destroy();
    },
  };
}

function refusalOf(decision: Exclude<Decision, Allowed>): HttpAnswer {
  if (decision.code !== 'credential_missing') return decision.response;
  return problemAnswerOf('websocket_login_unsupported', LOGIN_INSIDE, decision.requestId);
}
