import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Well under the time that a process has before it is killed. */
const DRAIN_MS = 8_000;

/**
 * Watches the connections of a server from now on. The answer is called to end them with the server: those on
 * which nothing was ever asked at once, because Node would wait for them; those with a request in flight when it
 * has ended, or after 8 seconds.
 *
 * @returns takes what closes the server, and resolves when that has
 */
export function createDrain(server: Server): (close: () => Promise<void>) => Promise<void> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return async (close) => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    const deadline = setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, DRAIN_MS);
    await close();
    clearTimeout(deadline);
  };
}
