import { createHmac } from 'node:crypto';
import type { WireRequest } from '@countersign/core';

/** What a client of an exchange keeps. */
export interface ClientKey {
  readonly id: string;
  readonly secret: string;
  readonly passphrase?: string | undefined;
}

/** One request of a client; what is absent is an order. */
export interface Sent {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  readonly nowMs: number;
  readonly ip?: string;
}

/** Signs as the exchanges' documentation says, and by no code of ours. */
function concatenated(prefix: string, timestamp: string, key: ClientKey, sent: Sent): WireRequest {
  const {
    method = 'POST',
    target = '/orders',
    body = method === 'GET' ? '' : '{"symbol":"BTCUSDT"}',
    ip = '192.0.2.7',
  } = sent;
  const signature = createHmac('sha256', key.secret)
    .update(timestamp + method + target + body)
    .digest('base64');
  const headers = [`${prefix}-KEY`, key.id, `${prefix}-SIGN`, signature, `${prefix}-TIMESTAMP`, timestamp];
  headers.push(`${prefix}-PASSPHRASE`, key.passphrase ?? 'passphrase1');
  return { method, target, headers, body: Buffer.from(body), ip };
}

export function bitgetRequest(key: ClientKey, sent: Sent): WireRequest {
  return concatenated('ACCESS', String(sent.nowMs), key, sent);
}

export function okxRequest(key: ClientKey, sent: Sent): WireRequest {
  return concatenated('OK-ACCESS', new Date(sent.nowMs).toISOString(), key, sent);
}

export function bearerRequest(token: string, sent: Omit<Sent, 'nowMs'> = {}): WireRequest {
  const { method = 'GET', target = '/balance', body = '', ip = '192.0.2.7' } = sent;
  return { method, target, headers: ['Authorization', `Bearer ${token}`], body: Buffer.from(body), ip };
}

/** The same request with one header changed. */
export function withHeader(request: WireRequest, name: string, value: string): WireRequest {
  const headers = request.headers.map((text, i) =>
    i % 2 === 1 && request.headers[i - 1] === name ? value : text,
  );
  return { ...request, headers };
}
