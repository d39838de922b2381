import { createServer, type IncomingMessage, request as sendOn } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer on its way, whole. Headers are names and values in turn. */
export interface PassingAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export type Meddle = (answer: PassingAnswer, count: number) => PassingAnswer;

/** Something on the path to the service that reads all, and gives the client what it likes. */
export interface ManInTheMiddle {
  readonly url: string;
  /** The answers as they came from the service. */
  readonly seen: PassingAnswer[];
  /** What the client gets from now on in place of an answer. */
  meddle: Meddle;
  /** What the service gets from now on in place of a request's body. */
  meddleRequest: (body: Buffer) => Buffer;
  close(): Promise<void>;
}

export const untouched: Meddle = (answer) => answer;

export async function startManInTheMiddle(port: () => number): Promise<ManInTheMiddle> {
  const seen: PassingAnswer[] = [];
  const server = createServer(async (incoming, response) => {
    const body = middle.meddleRequest(await wholeOf(incoming));
    const { headers } = withLength({ status: 0, headers: incoming.rawHeaders, body });
    const onward = sendOn(
      { port: port(), method: incoming.method, path: incoming.url, headers: [...headers] },
      async (answer) => {
        const { statusCode: status = 0, rawHeaders } = answer;
        const passing = { status, headers: rawHeaders, body: await wholeOf(answer) };
        seen.push(passing);
        const forged = middle.meddle(passing, seen.length);
        response.sendDate = false;
        response.writeHead(forged.status, [...withLength(forged).headers]);
        response.end(forged.body);
      },
    );
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const middle: ManInTheMiddle = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    meddle: untouched,
    meddleRequest: (body) => body,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return middle;
}

/** The answer without a header, or with another value for it. */
export function withHeader(answer: PassingAnswer, name: string, value?: string): PassingAnswer {
  const isOther = (i: number) => (answer.headers[i - (i % 2)] as string).toLowerCase() !== name;
  const others = answer.headers.filter((_, i) => isOther(i));
  return { ...answer, headers: value === undefined ? others : [...others, name, value] };
}

export function headerOf({ headers }: PassingAnswer, name: string): string | undefined {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? undefined : headers[at + 1];
}

function withLength(message: PassingAnswer): PassingAnswer {
  return withHeader(withHeader(message, 'transfer-encoding'), 'content-length', String(message.body.length));
}

async function wholeOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
