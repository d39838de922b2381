import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countersign, type RunningService, startOther, startRealService } from './command.ts';
import { runHere } from './in-process.ts';

let service: RunningService;
beforeAll(async () => {
  service = await startRealService();
}, 60_000);
afterAll(() => service.stop());

/** A server whose clock is off. */
const serverAt = (offMs: number) =>
  startOther((_request, response) => {
    response
      .setHeader('date', new Date(Date.now() + offMs).toUTCString())
      .writeHead(404)
      .end();
  });

interface Reading {
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
  readonly isGood: boolean;
  readonly windows: { dialect: string; isTaken: boolean }[];
}

async function readingAt(offMs: number) {
  const server = await serverAt(offMs);
  const { code, stdout } = await countersign(['clock', '--url', server.url, '--json']);
  await server.stop();
  return { code, reading: JSON.parse(stdout) as Reading };
}

describe('countersign clock', () => {
  it('finds the clocks of one machine alike', async () => {
    const { code, stdout } = await countersign(['clock'], { env: service.env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^server +http:\/\/127\.0\.0\.1:\d+\nthis clock +(agrees with|0\.\d+ s )/);
    expect(stdout).toMatch(/^refused by +none$/m);
    expect(stdout).not.toContain('mend it');
  });

  it.each([
    [3_600_000, 'behind'],
    [-3_600_000, 'ahead of'],
  ])('says by how much it is off: %i ms', async (offMs, word) => {
    const server = await serverAt(offMs);
    const { code, stdout } = await countersign(['clock', '--url', server.url]);
    await server.stop();
    expect(code).toBe(1);
    const seconds = new RegExp(`^this clock +(\\d+\\.\\d) s ${word} the server's`, 'm').exec(stdout)?.[1];
    expect(Math.abs(Number(seconds) - 3600)).toBeLessThan(2);
    expect(stdout).toContain('mend it');
    expect(stdout).toMatch(/^refused by .*bitget \(30 s\)/m);
  });

  it.each([
    [10_000, 1, ['bybit'], ['bitget', 'okx']],
    [-10_000, 1, ['binance', 'bybit'], ['bitget', 'okx']],
    [45_000, 1, ['bitget', 'okx', 'bybit', 'coinbase-exchange'], ['htx', 'gate']],
    [0, 0, [], ['bitget', 'okx', 'bybit', 'binance']],
  ])('says which windows still take it: %i ms', async (offMs, exit, refusing, taking) => {
    const { code, reading } = await readingAt(offMs);
    expect([code, reading.isGood]).toEqual([exit, exit === 0]);
    const named = (isTaken: boolean) =>
      reading.windows.filter((window) => window.isTaken === isTaken).map(({ dialect }) => dialect);
    expect(named(false)).toEqual(expect.arrayContaining(refusing));
    expect(named(true)).toEqual(expect.arrayContaining(taking));
  });

  it('knows the difference to a part of a second', async () => {
    const { reading } = await readingAt(7_000);
    expect(Math.abs(reading.offsetMs - 7_000)).toBeLessThanOrEqual(reading.uncertaintyMs + 250);
    expect(reading.uncertaintyMs).toBeLessThan(500);
  });

  it('looks at one dialect alone', async () => {
    const { printed } = await runHere(['clock', '--url', service.url, '--dialect', 'okx', '--json']);
    expect((JSON.parse(printed) as Reading).windows.map(({ dialect }) => dialect)).toEqual(['okx']);
  });

  it.each([
    ['a port where nothing listens', 'http://127.0.0.1:9', /^connection_failed: /],
    ['no URL', 'localhost', /^The URL must be whole/],
  ])('fails for %s', async (_name, url, expected) => {
    const { exitCode, noted } = await runHere(['clock', '--url', url]);
    expect(exitCode).toBeGreaterThan(0);
    expect(noted).toMatch(expected);
  });

  it('does not believe a cache, nor a server that tells no time', async () => {
    const headers: Record<string, string>[] = [
      { age: '3600', date: new Date().toUTCString() },
      { date: 'half past nine' },
    ];
    for (const given of headers) {
      const other = await startOther((_request, response) => response.writeHead(200, given).end());
      const { exitCode, noted } = await runHere(['clock', '--url', other.url]);
      await other.stop();
      expect(exitCode).toBe(1);
      expect(noted).toMatch(/^answer_unexpected: The server did not tell its time/);
    }
  });

  it('sends nothing of a key', async () => {
    const heard: string[] = [];
    const other = await startOther((request, response) => {
      heard.push(JSON.stringify(request.headers));
      response.end();
    });
    await countersign(['clock'], { env: { ...service.env, COUNTERSIGN_URL: other.url } });
    await other.stop();
    expect(heard.length).toBeGreaterThan(1);
    expect(heard.join()).not.toMatch(/authorization|c[sbk]_live/i);
  });
});
