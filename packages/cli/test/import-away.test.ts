import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOther } from './command.ts';
import { runHere } from './in-process.ts';

const pauses: number[] = [];
// The waits are only noted, or this would take minutes.
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    pauses.push(ms);
  },
}));

const folder = mkdtempSync(join(tmpdir(), 'countersign-away-'));
const from = join(folder, 'keys.jsonl');
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  pauses.length = 0;
});

type Answer = (keys: readonly { id: string }[], response: ServerResponse, request: IncomingMessage) => void;

/** Runs an import of 600 keys against a server that answers the n-th call as said, and all later ones as the last. */
async function importing(...answers: Answer[]) {
  writeFileSync(from, Array.from({ length: 600 }, (_, n) => JSON.stringify({ id: `k-${n}` })).join('\n'), {
    mode: 0o600,
  });
  let calls = 0;
  const other = await startOther(async (request, response) => {
    const answer = answers[Math.min(calls++, answers.length - 1)] as Answer;
    answer(JSON.parse(await text(request)).keys, response, request);
  });
  const said = await runHere(['keys', 'import', '--from', from], { env: other.env });
  await other.stop();
  return { ...said, calls };
}

const imports: Answer = (keys, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ results: keys.map(({ id }) => ({ status: 'imported', id })) }));
};
const refuses =
  (status: number, code: string): Answer =>
  (_keys, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ code, detail: 'No.' }));
  };
const breaks: Answer = (_keys, _response, { socket }) => socket.destroy();

describe('a service that is away in the middle of an import', () => {
  it('is asked again for half a minute, and then the message says where to go on', async () => {
    for (const answer of [refuses(503, 'unavailable'), breaks]) {
      pauses.length = 0;
      const { exitCode, printed, noted } = await importing(imports, answer);
      expect([exitCode, printed]).toEqual([1, '']);
      expect(noted).toContain('Trying again in 15 s.');
      expect(noted).toMatch(
        /\nImported 250, already there 0, failed 0 before that\. To go on, run it again with --from-line (1|251): /,
      );
      // Two calls are on their way at a time.
      expect(pauses.filter((ms) => ms === 15_000).length).toBeGreaterThan(0);
      expect(Math.max(...pauses)).toBe(15_000);
    }
  });

  it('and is back soon, has kept nobody waiting for long', async () => {
    const passing = [
      imports,
      refuses(503, 'unavailable'),
      refuses(429, 'rate_limited'),
      refuses(500, 'internal_error'),
    ];
    const { exitCode, printed } = await importing(...passing, imports);
    expect([exitCode, printed]).toEqual([0, 'Imported 600, already there 0, failed 0.\n']);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(7_000);
  });

  it('is not waited for when it never was there, or refuses the caller', async () => {
    for (const answer of [breaks, refuses(401, 'credential_unknown'), refuses(403, 'permission_denied')]) {
      const { exitCode, noted } = await importing(answer);
      expect(exitCode).toBe(1);
      expect(noted).toContain('run it again with --from-line 1: ');
      expect(pauses).toEqual([]);
    }
  });

  it('that answers about fewer keys than it was asked is not believed', async () => {
    const { exitCode, noted } = await importing((keys, response, request) =>
      imports(keys.slice(1), response, request),
    );
    expect(exitCode).toBe(1);
    expect(noted).toContain('The service answered about 249 of 250 keys.');
  });
});

describe('a call that is refused as a whole', () => {
  it('for one key is cut until that one stands alone', async () => {
    const bad: Answer = (keys, response, request) => {
      const isBad = keys.some(({ id }) => id === 'k-333');
      (isBad ? refuses(400, 'invalid_json') : imports)(keys, response, request);
    };
    const { exitCode, printed, noted } = await importing(bad);
    expect(noted).toBe(`${from}:334: invalid_json: No.\n`);
    expect([exitCode, printed]).toEqual([1, 'Imported 599, already there 0, failed 1.\n']);
  });

  it('because it is too large is cut until it is not', async () => {
    const small: Answer = (keys, response, request) =>
      (keys.length > 40 ? refuses(413, 'body_too_large') : imports)(keys, response, request);
    const { printed } = await importing(small);
    expect(printed).toBe('Imported 600, already there 0, failed 0.\n');
  });
});
