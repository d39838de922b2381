import { type IncomingHttpHeaders, type IncomingMessage, request as requestInClear } from 'node:http';
import { request as requestOverTls } from 'node:https';

export interface HttpCall {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** For the connection, with TLS. */
  readonly connectMs: number;
  /** For the whole answer. */
  readonly timeoutMs: number;
}

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The code of the error that says that no connection came about in time. */
export const NOT_CONNECTED = 'NOT_CONNECTED';

/**
 * Sends a request once, and reads the answer. Follows no redirect, and asks for no compression. Not by `fetch`: a command
 * that calls once would wait longer for what Node loads for that, a parser in WebAssembly among it, than for the answer.
 *
 * @throws an error of the system with its `code`; one with {@link NOT_CONNECTED}; a `TimeoutError`
 */
export async function callOverHttp(url: string, call: HttpCall): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(call.timeoutMs);
  try {
    const answer = await answerTo(url, call, signal);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const { statusCode = 0, headers } = answer;
    return { status: statusCode, headers, text: new TextDecoder().decode(Buffer.concat(chunks)) };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

function answerTo(url: string, call: HttpCall, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, headers, body, connectMs } = call;
  const isTls = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const request = (isTls ? requestOverTls : requestInClear)(url, { method, headers, signal }, resolve);
    request.once('socket', (socket) => {
      // One that was kept from the call before is connected.
      if (!socket.connecting) return;
      const timer = setTimeout(
        () => request.destroy(fault(NOT_CONNECTED, 'no connection in time')),
        connectMs,
      );
      socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(timer));
      socket.once('close', () => clearTimeout(timer));
    });
    request.on('error', reject);
    // What is no answer, like the change to another protocol, ends the connection without an error.
    request.once('close', () => reject(fault('ECONNRESET', 'no answer')));
    request.end(body);
  });
}

function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
