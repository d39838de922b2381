import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '@countersign/contract';
import { endSocket, problemAnswerOf } from './answers.ts';
import { isAnswered } from './refused-body.ts';

const BROKEN: Readonly<Record<string, readonly [code: ErrorCode, detail: string] | undefined>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The headers are over 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['malformed_request', 'The request did not arrive in time.'],
};
const NOT_HTTP = ['malformed_request', 'This is not HTTP/1.1.'] as const;

/**
 * Answers what Node's parser could not read, for which there is no request and no reply: by hand, and the
 * connection ends. Where an earlier request on it is still to be answered, or is being answered, nothing is
 * written: it would be taken for that answer. Nor where it is the connection that is broken, or TLS.
 */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  const { _httpMessage: underway } = socket as Duplex & { _httpMessage?: ServerResponse | null };
  const isAnothers = isAnswered(socket) || (underway && (underway.headersSent || underway.req.complete));
  if (!socket.writable || !/^(HPE|ERR_HTTP)_/.test(error.code ?? '') || isAnothers) {
    socket.destroy();
    return;
  }
  const [code, detail] = BROKEN[error.code ?? ''] ?? NOT_HTTP;
  endSocket(socket, problemAnswerOf(code, detail, 'none'));
}
