import { request as sendRequest } from 'node:http';

/**
 * Asks for a WebSocket (RFC 6455 section 4.1).
 *
 * @returns `{ status, headers, socket }` when it opens, `{ status, headers, body }` when it is refused
 */
export function askForWebSocket(url, headers = {}) {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  return new Promise((resolve, reject) => {
    const request = sendRequest(url, { headers: { ...handshake, ...headers }, agent: false });
    request.on('error', reject);
    request.on('upgrade', (response, socket) => {
      resolve({ status: response.statusCode, headers: response.headers, socket });
    });
    request.on('response', async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    request.end();
  });
}

/** Sends bytes into a socket, and reads as many back. */
export function echo(socket, bytes) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let size = 0;
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the WebSocket was closed')));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= bytes.length) resolve(Buffer.concat(chunks));
    });
    socket.write(bytes);
  });
}
