import { WebSocketServer } from 'ws';

/**
 * Plays an exchange's side of WebSockets.
 *
 * @param side what the exchange does: `onOpen(line)` and `onMessage(text, line)`, where `line` has the handshake
 *   (`upgrade`, its `headers`), `send`, which takes a text, bytes, or an object to be sent as JSON, and `close`.
 *   Binary messages come as a Buffer
 * @param remember gets every message
 * @returns takes a handshake, and opens its WebSocket
 */
export function webSocketSide({ onOpen, onMessage }, remember) {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  return (message, socket, head, upgrade) => {
    server.handleUpgrade(message, socket, head, (webSocket) => {
      const line = {
        upgrade,
        headers: upgrade.headers,
        send: (value) => webSocket.send(isFrame(value) ? value : JSON.stringify(value)),
        close: (code, reason) => webSocket.close(code, reason),
      };
      webSocket.on('error', () => webSocket.terminate());
      webSocket.on('message', (data, isBinary) => {
        const text = isBinary ? data : data.toString('utf8');
        remember({ text, headers: upgrade.headers, target: upgrade.target });
        onMessage(text, line);
      });
      onOpen?.(line);
    });
  };
}

function isFrame(value) {
  return typeof value === 'string' || Buffer.isBuffer(value);
}
