import type { IncomingMessage } from 'node:http';

const NOTHING = Buffer.alloc(0);

/**
 * Reads a whole body. Undefined as soon as it is over the limit: the rest is left unread, and the connection
 * must be closed after the answer.
 *
 * @throws when the client goes away in the middle
 */
export async function readWholeBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const declared = request.headers['content-length'];
  if (declared === undefined && request.headers['transfer-encoding'] === undefined) return NOTHING;
  if (declared !== undefined && Number(declared) > limit) return undefined;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (error: Error | undefined, body: Buffer | undefined) => {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      if (error === undefined) resolve(body);
      else reject(error);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.pause();
        end(undefined, undefined);
      } else chunks.push(chunk);
    };
    const onEnd = () => end(undefined, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
    const onError = (error: Error) => end(error, undefined);
    const onClose = () => end(new Error('the client went away'), undefined);
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}
