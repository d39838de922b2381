import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { webSocketSide } from './web-socket-side.mjs';

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'; // RFC 6455 section 1.3

/**
 * Starts the API that stands behind the reverse proxy, on a free port. It trusts whatever reaches it, as an
 * exchange's inner service would, and remembers all of it: `received` holds every request with its headers as
 * they came (`rawHeaders`) and its body's bytes, `upgrades` every WebSocket's handshake, and `messages` every
 * message with the headers of its handshake.
 *
 * @param answer takes a request and returns `{ status, headers, body }`, or a function that writes the response
 *   itself. A test may put another one in its place: `upstream.answer = …`
 * @param webSocket the exchange's side of WebSockets, see `web-socket-side.mjs`; without it, each sends back all
 *   bytes that come out of it
 */
export async function startUpstream(answer, webSocket) {
  const upstream = { url: '', answer, received: [], upgrades: [], messages: [], close };
  const sockets = new Set();
  const server = createServer(async (message, response) => {
    const request = await readRequest(message);
    upstream.received.push(request);
    const given = upstream.answer(request);
    if (typeof given === 'function') return given(response, message);
    response.writeHead(given.status ?? 200, { 'content-type': 'application/json', ...given.headers });
    response.end(JSON.stringify(given.body));
  });
  const open =
    webSocket === undefined
      ? echoBytes
      : webSocketSide(webSocket, (message) => upstream.messages.push(message));
  server.on('upgrade', (message, socket, head) => {
    const upgrade = { target: message.url, headers: message.headers, rawHeaders: message.rawHeaders };
    upstream.upgrades.push(upgrade);
    open(message, socket, head, upgrade);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  upstream.url = `http://127.0.0.1:${server.address().port}`;

  /** Ends at once, also in the middle of an answer. */
  async function close() {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  return upstream;
}

/** Accepts a WebSocket, and sends back each byte that comes out of it. */
function echoBytes(message, socket) {
  const accept = createHash('sha1')
    .update(message.headers['sec-websocket-key'] + WEBSOCKET_GUID)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}

async function readRequest(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { pathname, searchParams } = new URL(message.url, 'http://sandbox');
  const { method, url: target, headers, rawHeaders } = message;
  return {
    method,
    target,
    path: pathname,
    query: searchParams,
    headers,
    rawHeaders,
    body,
    json: jsonOf(body),
    /** The body as `application/x-www-form-urlencoded`, whatever it says it is. */
    form: new URLSearchParams(body.toString('utf8')),
  };
}

function jsonOf(body) {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
