import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { answerHandshake, join, sendHandshake } from './handshake.mjs';
import { send, wholeBody } from './send.mjs';

/**
 * Starts a tap on the line between a client and the reverse proxy, on a free port. It records what goes over it,
 * and lets a thief sit there: `tap.theft` gets each request with the bytes that the client really sent, and may
 * send it on changed, twice, from elsewhere, or never; what it returns, the client gets for an answer. A
 * WebSocket's handshake is a request like others, with `upgrade: true`.
 *
 * @param target URL of the reverse proxy
 * @param certificate `{ cert, key }`, for clients that talk TLS only: as far as the tap
 * @returns the tap: `exchanges` holds every `{ request, answer }` in their order, handshakes as well; `upgrades`
 *   every WebSocket that opened, with the messages that the client `sent` and `got`; `cut()` breaks those off
 */
export async function startTap(target, certificate) {
  const tap = { url: '', theft: undefined, exchanges: [], upgrades: [], clear, cut, close };
  const server = createEither(certificate, async (message, response) => {
    try {
      const request = await readRequest(message);
      const answer = await (tap.theft ?? passOn)(request, (given, line) => send(target, given, line));
      tap.exchanges.push({ request, answer });
      response.writeHead(answer.status, answer.rawHeaders);
      response.end(answer.body);
    } catch (error) {
      tap.exchanges.push({ error });
      response.destroy();
    }
  });
  server.on('upgrade', async ({ method, url, rawHeaders: headers }, client, head) => {
    client.on('error', () => client.destroy());
    try {
      const request = { method, target: url, headers, body: Buffer.alloc(0), upgrade: true };
      const answer = await (tap.theft ?? passOn)(request, (given, line) => handshake(given, line));
      tap.exchanges.push({ request, answer });
      answerHandshake(client, answer);
      if (answer.socket === undefined) return;
      client.unshift(head);
      answer.socket.unshift(answer.head);
      tap.upgrades.push({ request, answer, ...join(client, answer.socket) });
    } catch (error) {
      tap.exchanges.push({ error });
      client.destroy();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  tap.url = `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${server.address().port}`;

  /** Sockets to the reverse proxy, also those that a thief opened and gave to nobody. */
  const opened = new Set();
  async function handshake(request, line) {
    const answer = await sendHandshake(target, request, line);
    if (answer.socket !== undefined) {
      opened.add(answer.socket);
      answer.socket.on('error', () => answer.socket.destroy());
      answer.socket.on('close', () => opened.delete(answer.socket));
    }
    return answer;
  }

  function cut() {
    for (const socket of opened) socket.destroy();
  }

  function clear() {
    cut();
    tap.theft = undefined;
    tap.exchanges = [];
    tap.upgrades = [];
  }

  async function close() {
    const closed = new Promise((resolve) => server.close(resolve));
    cut();
    server.closeAllConnections();
    await closed;
  }
  return tap;
}

function createEither(certificate, handle) {
  return certificate === undefined ? createServer(handle) : createTlsServer(certificate, handle);
}

const passOn = (request, sendOn) => sendOn(request);

async function readRequest(message) {
  const { method, url: target, rawHeaders: headers } = message;
  return { method, target, headers, body: await wholeBody(message) };
}
