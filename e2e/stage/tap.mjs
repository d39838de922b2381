import { createServer } from 'node:http';
import { send, wholeBody } from './send.mjs';

/**
 * Starts a tap on the line between a client and the reverse proxy, on a free port. It records what goes over it,
 * and lets a thief sit there: `tap.theft` gets each request with the bytes that the client really sent, and may
 * send it on changed, twice, from elsewhere, or never; what it returns, the client gets for an answer.
 *
 * @param target URL of the reverse proxy
 */
export async function startTap(target) {
  const tap = { url: '', theft: undefined, exchanges: [], clear, close };
  const server = createServer(async (message, response) => {
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
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  tap.url = `http://127.0.0.1:${server.address().port}`;

  function clear() {
    tap.theft = undefined;
    tap.exchanges = [];
  }

  async function close() {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
  return tap;
}

const passOn = (request, sendOn) => sendOn(request);

async function readRequest(message) {
  const { method, url: target, rawHeaders: headers } = message;
  return { method, target, headers, body: await wholeBody(message) };
}
