import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_HELD_BYTES } from '../src/proxy/held-answer.ts';
import { collect, exchange, open, request, requestHead } from './raw-http.ts';
import { RunningProxy } from './running-proxy.ts';
import { eventually } from './service-process.ts';
import { anAnswerSigner } from './signing.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start({ answerSigner: anAnswerSigner(), heldMs: 60_000 });
});
afterAll(() => proxy.close());
beforeEach(() => {
  proxy.received.length = 0;
  proxy.faults.length = 0;
});

const big = (bytes: number) => Buffer.alloc(bytes, 'x');

describe('what is held', () => {
  it('is not more on one connection, however many answers are asked for at once', async () => {
    const half = MAX_HELD_BYTES / 2 + 1;
    let ofSecond: unknown;
    const usedAfterwards = new Set<unknown>();
    let endFirst = () => {};
    proxy.answer = (incoming, response) => {
      if (incoming.url === '/open/c') {
        usedAfterwards.add(incoming.socket);
        return response.end();
      }
      if (incoming.url === '/open/b') {
        ofSecond = incoming.socket;
        usedAfterwards.clear();
      }
      response.write(big(half));
      if (incoming.url === '/open/b') return response.end();
      endFirst = () => response.end();
    };
    const socket = await open(proxy.port);
    const received = collect(socket);
    const head = (name: string, connection: string) =>
      requestHead(`GET /open/${name}`, ['connection', connection], 0);
    socket.write(head('a', 'keep-alive') + head('b', 'close'));
    // Once its connection to the upstream is used again, the second has come to the proxy whole, beside the first. Others
    // may be free as well, so several requests are sent at once.
    await eventually(async () => {
      await Promise.all([1, 2, 3, 4].map(() => request(proxy.port, 'GET /open/c')));
      return usedAfterwards.has(ofSecond);
    }, 'the second answer is there');
    endFirst();
    const { answers } = await received.closed();
    const signed = answers.filter(({ headers }) => headers.signature !== undefined);
    expect([answers.length, signed.length]).toEqual([2, 1]);
    expect(answers.map(({ body }) => body.length)).toEqual([half, half]);
  });

  it('is room again for the next answer on the connection', async () => {
    proxy.answer = (_request, response) => response.end(big(MAX_HELD_BYTES));
    const socket = await open(proxy.port);
    const received = collect(socket);
    socket.write(requestHead('GET /open/a', ['connection', 'keep-alive'], 0));
    await eventually(() => received.bytes().length > MAX_HELD_BYTES, 'the first answer is there');
    socket.write(requestHead('GET /open/b', [], 0));
    const { answers } = await received.closed();
    expect(answers.map(({ headers }) => headers.signature !== undefined)).toEqual([true, true]);
  });

  it('is let go with a client that leaves, and the upstream with it', async () => {
    let isClosed = false;
    proxy.answer = (incoming, response) => {
      response.write('first');
      incoming.socket.on('close', () => {
        isClosed = true;
      });
    };
    const socket = await open(proxy.port);
    socket.write(requestHead('GET /open/a', [], 0));
    await eventually(() => proxy.received.length === 1, 'it came to the upstream');
    socket.destroy();
    await eventually(() => isClosed, 'the upstream is let go');
    expect(proxy.faults).toEqual([]);
  });

  it('is not given to the client where the upstream breaks off', async () => {
    proxy.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.destroy());
    };
    const { answers, isClosed } = await exchange(proxy.port, requestHead('GET /open/a', [], 0));
    expect([answers, isClosed]).toEqual([[], true]);
    expect(proxy.faults).toHaveLength(1);
  });

  it('is no more than that where the client does not read: the upstream has to wait', async () => {
    let written = 0;
    let isWaiting = false;
    proxy.answer = (_request, response) => {
      const more = () => {
        while (written < 256 * MAX_HELD_BYTES) {
          written += MAX_HELD_BYTES;
          if (response.write(big(MAX_HELD_BYTES))) continue;
          isWaiting = true;
          response.once('drain', () => {
            isWaiting = false;
            more();
          });
          return;
        }
        response.end();
      };
      more();
    };
    const socket = await open(proxy.port);
    socket.pause();
    socket.write(requestHead('GET /open/a', [], 0));
    let before = -1;
    await eventually(async () => {
      const isStill = isWaiting && written === before;
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return isStill && written === before;
    }, 'the upstream waits');
    expect(written).toBeLessThan(64 * MAX_HELD_BYTES);
    socket.destroy();
  });
});
