import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** How long a client may go on to send a body that was refused, in ms. */
const LINGER_MS = 5_000;

const answered = new WeakSet<Duplex>();

/**
 * Throws away the rest of a body that was refused before it was read whole. Closed at once, with bytes unread, the
 * connection would be reset, and many a client would see that instead of the refusal.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  const { socket } = request;
  answered.add(socket);
  const deadline = setTimeout(() => socket.destroy(), LINGER_MS);
  request.once('end', () => answered.delete(socket));
  request.once('close', () => clearTimeout(deadline));
  request.resume();
}

/** Whether the request that is still arriving on a connection has its answer already. */
export function isAnswered(socket: Duplex): boolean {
  return answered.has(socket);
}
