import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, PROBLEM_MEDIA_TYPE, problemOf } from '@countersign/contract';
import { type DialectTable, denial, type HttpAnswer, type WireRequest } from '@countersign/core';
import type { Allowed, Denied } from '@countersign/engine';
import type { AnswerSigner } from './signed-answers/answer-signer.ts';

/** Sends what the dialect says of a denial, with the id under which the log knows it. */
export function sendRefusal(
  response: ServerResponse,
  { response: answer, requestId }: Denied,
  signer: AnswerSigner | undefined,
  request: WireRequest,
): void {
  const headers = { 'x-countersign-request-id': requestId, ...answer.headers };
  const refusal = { ...answer, headers };
  sendAnswer(response, signer === undefined ? refusal : signer.signed(refusal, request));
}

export function sendAnswer(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** How long a client has to read the last answer and to close its side, in ms. */
const LINGER_MS = 1_000;

/**
 * Writes an answer on a bare socket, where Node made no response, and closes it. What the client still sends is
 * thrown away: left unread, it would have the system take back the answer.
 */
export function endSocket(socket: Duplex, { status, headers, body }: HttpAnswer): void {
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`);
  socket.resume();
  const deadline = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(deadline));
}

export function problemAnswerOf(code: ErrorCode, detail: string, requestId: string): HttpAnswer {
  const problem = problemOf(code, detail, requestId);
  return {
    status: problem.status,
    headers: { 'content-type': PROBLEM_MEDIA_TYPE },
    body: JSON.stringify(problem),
  };
}

/** The dialect's own "try again later": a bot knows that one. */
export function upstreamIsAway(
  dialects: DialectTable,
  { dialect: name, requestId }: Allowed,
  nowMs: number,
): HttpAnswer {
  const dialect = name === null ? undefined : dialects.named(name);
  const detail = 'The API behind this address does not answer.';
  if (dialect === undefined) return problemAnswerOf('upstream_unavailable', detail, requestId);
  return dialect.refuse(denial('unavailable', detail, { retryAfterSeconds: 1 }), { nowMs, requestId });
}
