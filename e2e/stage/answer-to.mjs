import { once } from 'node:events';
import WebSocket from 'ws';

/** Sends one message through the tap on a WebSocket of its own, and returns what is answered first, read as JSON. */
export async function answerTo({ tap }, path, message) {
  const socket = new WebSocket(`${tap.url.replace(/^http/, 'ws')}${path}`);
  await once(socket, 'open');
  socket.send(message);
  const [answer] = await once(socket, 'message');
  socket.close();
  return JSON.parse(answer.toString('utf8'));
}
