import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

const NOTHING = Buffer.alloc(0);

/** Longest body that a middleware reads, in bytes, unless it is told otherwise. */
export const DEFAULT_BODY_LIMIT = 1024 * 1024;

/**
 * Reads the whole body of a request of Node's server. Undefined as soon as it is over the limit: the rest is left unread, and the connection
 * must be closed after the answer.
 *
 * @throws when the client goes away in the middle
 */
export async function readWholeBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const declared = request.headers['content-length'];
  if (declared === undefined && request.headers['transfer-encoding'] === undefined) return NOTHING;
  if (declared !== undefined && Number(declared) > limit) return undefined;
  return readWholeStream(request, limit);
}

/** Reads a stream of bytes whole, as {@link readWholeBody} does. A stream that is left unread is not destroyed. */
export function readWholeStream(stream: Readable, limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (error: Error | undefined, body: Buffer | undefined) => {
      stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      if (error === undefined) resolve(body);
      else reject(error);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        stream.pause();
        end(undefined, undefined);
      } else chunks.push(chunk);
    };
    const onEnd = () => end(undefined, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
    const onError = (error: Error) => end(error, undefined);
    const onClose = () => end(new Error('the client went away'), undefined);
    stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}
