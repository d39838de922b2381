import { once } from 'node:events';
import { connect } from 'node:net';

const CONNECTIONS = 32;
const HEAD_END = Buffer.from('\r\n\r\n');

/** One HTTP/1.1 request as the bytes of the wire. */
export function rawRequest(method, target, headers, body) {
  const lines = [`${method} ${target} HTTP/1.1`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  lines.push(`Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/**
 * Opens keep-alive connections to a server, and returns how to send requests over them: each connection sends its
 * next one when the answer to the last has come. Requests are ready-made bytes, each sent once, and answers are
 * checked, because most load generators repeat one request, which a replay guard refuses, and take more of the
 * processor than the server.
 *
 * @param {{ url: string, pid: number }} server
 * @param {(answer: string) => boolean} isRight told the whole answer, head and body
 */
export async function openLoad({ url, pid }, isRight) {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: CONNECTIONS }, () => connect({ host: hostname, port, noDelay: true }));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));

  /** Sends all requests and resolves when all are answered; rejects at the first wrong answer. */
  function send(requests) {
    let next = 0;
    return Promise.all(
      sockets.map(
        (socket) =>
          new Promise((resolve, reject) => {
            let received = Buffer.alloc(0);
            const sendNext = () => {
              if (next < requests.length) return socket.write(requests[next++]);
              stopListening();
              resolve();
            };
            const fail = (message) => {
              stopListening();
              reject(new Error(message));
            };
            const onData = (chunk) => {
              received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
              const length = answerLength(received);
              if (length === undefined || received.length < length) return;
              const answer = received.toString('latin1', 0, length);
              received = received.subarray(length);
              if (isRight(answer)) sendNext();
              else fail(`a wrong answer from ${url}:\n${answer}`);
            };
            const onClose = () => fail(`${url} closed a connection`);
            const stopListening = () => socket.off('data', onData).off('close', onClose);
            socket.on('data', onData).on('close', onClose);
            sendNext();
          }),
      ),
    );
  }

  function close() {
    for (const socket of sockets) socket.destroy();
  }

  return { pid, send, close };
}

/** Bytes of the answer that begins here, once its head is there. Answers must have a Content-Length. */
function answerLength(received) {
  const end = received.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const match = /\r\ncontent-length: (\d+)/i.exec(received.toString('latin1', 0, end));
  if (match === null) throw new Error('an answer without Content-Length');
  return end + HEAD_END.length + Number(match[1]);
}
