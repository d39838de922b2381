import { connect, type Socket } from 'node:net';

/** An answer as it stood on the wire. Header names are in lower case; a header that occurs twice has a list. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

export type Bytes = string | Buffer;

/** What became of a connection: all answers that came, and how it ended. */
export interface Exchange {
  readonly answers: readonly RawAnswer[];
  readonly text: string;
  /** False when the time was over first. */
  readonly isClosed: boolean;
}

const PATIENCE_MS = 5_000;

export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Writes bytes on a new connection and reads until the other side closes it. */
export async function exchange(
  port: number,
  parts: Bytes | readonly Bytes[],
  patienceMs = PATIENCE_MS,
): Promise<Exchange> {
  const socket = await open(port);
  const received = collect(socket);
  for (const part of [parts].flat()) socket.write(part);
  return received.closed(patienceMs);
}

/** One whole request that asks for the connection to be closed, and its one answer. */
export async function request(
  port: number,
  line: string,
  headers: Readonly<Record<string, string>> | readonly string[] = {},
  body: Bytes = '',
): Promise<RawAnswer> {
  const flat = Array.isArray(headers)
    ? (headers as string[])
    : Object.entries(headers as Record<string, string>).flat();
  const { answers, text } = await exchange(port, [requestHead(line, flat, Buffer.byteLength(body)), body]);
  const [answer] = answers.filter(({ status }) => status >= 200);
  if (answer === undefined) throw new Error(`there was no answer, but ${JSON.stringify(text)}`);
  return answer;
}

export function requestHead(line: string, flat: readonly string[], bodyLength: number): string {
  let head = `${line} HTTP/1.1\r\n`;
  const names = flat.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  if (!names.includes('host')) head += 'host: api.test\r\n';
  if (!names.includes('connection')) head += 'connection: close\r\n';
  if (bodyLength > 0 && !names.includes('content-length')) head += `content-length: ${bodyLength}\r\n`;
  for (let i = 0; i + 1 < flat.length; i += 2) head += `${flat[i]}: ${flat[i + 1]}\r\n`;
  return `${head}\r\n`;
}

/** Collects what a socket receives. */
export function collect(socket: Socket) {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {}); // A reset is an end like any other.
  const whole = () => Buffer.concat(chunks);
  return {
    bytes: whole,
    /** Resolves once the text that was received contains another. */
    async until(text: string, patienceMs = PATIENCE_MS): Promise<string> {
      const deadline = Date.now() + patienceMs;
      while (!whole().toString('latin1').includes(text)) {
        if (Date.now() > deadline)
          throw new Error(`waited for ${text}, and had ${JSON.stringify(whole().toString('latin1'))}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return whole().toString('latin1');
    },
    async closed(patienceMs = PATIENCE_MS): Promise<Exchange> {
      const isClosed = await new Promise<boolean>((resolve) => {
        if (socket.destroyed) resolve(true);
        socket.once('close', () => resolve(true));
        setTimeout(() => resolve(false), patienceMs).unref();
      });
      socket.destroy();
      return { answers: parseAnswers(whole()), text: whole().toString('latin1'), isClosed };
    },
  };
}

function parseAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return answers;
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
    const headers: Record<string, string | string[]> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
    }
    rest = rest.subarray(end + 4);
    let body = '';
    if (headers['transfer-encoding'] === 'chunked') {
      const parts: Buffer[] = [];
      for (;;) {
        const eol = rest.indexOf('\r\n');
        const size = Number.parseInt(rest.subarray(0, eol).toString(), 16);
        if (eol === -1 || Number.isNaN(size)) break;
        parts.push(rest.subarray(eol + 2, eol + 2 + size));
        rest = rest.subarray(eol + 4 + size);
        if (size === 0) break;
      }
      body = Buffer.concat(parts).toString();
    } else if (status >= 200) {
      const length = Number(headers['content-length'] ?? rest.length);
      body = rest.subarray(0, length).toString();
      rest = rest.subarray(length);
    }
    answers.push({ status, headers, body });
  }
}
