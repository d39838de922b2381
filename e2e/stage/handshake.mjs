import { request as sendRequest } from 'node:http';
import { Receiver } from 'ws';
import { isOfTheAnswer, wholeBody } from './send.mjs';

/**
 * Sends a WebSocket's handshake with exactly the given target and headers (names and values in turn).
 *
 * @param line.localAddress the address to send it from
 * @returns `{ status, rawHeaders, body }`; where it opens, also `socket`, and `head`, the first bytes out of it
 */
export function sendHandshake(url, { method, target, headers }, line = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = sendRequest({ hostname, port, method, path: target, headers, agent: false, ...line });
    request.on('error', reject);
    request.on('upgrade', ({ statusCode: status, rawHeaders }, socket, head) => {
      resolve({ status, rawHeaders, body: Buffer.alloc(0), socket, head });
    });
    request.on('response', async (response) => {
      try {
        const { statusCode: status, rawHeaders } = response;
        resolve({ status, rawHeaders: rawHeaders.filter(isOfTheAnswer), body: await wholeBody(response) });
      } catch (error) {
        reject(error);
      }
    });
    request.end();
  });
}

/** Writes the answer to a handshake as it came. */
export function answerHandshake(socket, { status, rawHeaders, body }) {
  const headers = status === 101 ? rawHeaders : [...rawHeaders, 'Content-Length', String(body.length)];
  const lines = headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1]}`] : []));
  socket.write(Buffer.from(`HTTP/1.1 ${status} \r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  if (status !== 101) socket.end(body);
}

/**
 * Joins two sockets, byte for byte both ways; when one goes, so does the other.
 *
 * @returns `sent` and `got`: the texts of the messages that the client sent and got so far, as long as what goes
 *   over the line is a WebSocket's frames, not compressed
 */
export function join(client, server) {
  const sent = [];
  const got = [];
  listen(client, true, sent);
  listen(server, false, got);
  client.pipe(server);
  server.pipe(client);
  for (const [one, other] of [
    [client, server],
    [server, client],
  ]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  return { sent, got };
}

function listen(socket, isServer, texts) {
  const receiver = new Receiver({ isServer });
  receiver.on('message', (data, isBinary) => {
    if (!isBinary) texts.push(data.toString('utf8'));
  });
  receiver.on('error', () => receiver.destroy());
  // A copy: the receiver unmasks in place.
  socket.on('data', (chunk) => {
    if (!receiver.destroyed) receiver.write(Buffer.from(chunk));
  });
}
