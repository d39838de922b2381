import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import {
  type ClientOptions,
  type CountersignError,
  createClient,
  keyFromEnvFile,
  secretFromEnv,
  secretFromFile,
} from '@countersign/client';
import { DIALECTS } from '@countersign/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { optionsFor, PASSPHRASE, SECRET } from './keys.ts';

/** Everything that can be printed of an error, and of what it holds. */
function printed(error: unknown): string {
  const texts = [
    String(error),
    inspect(error, { showHidden: true, depth: 20, getters: true }),
    JSON.stringify(error),
  ];
  for (let at = error; at instanceof Error; at = at.cause)
    texts.push(at.message, at.stack ?? '', JSON.stringify({ ...at }));
  return texts.join('\n');
}

/** An API that says back all that it was told: in its head, in its body, as a page, as a redirect, or cut off. */
const echo = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const told = JSON.stringify({
      headers: request.rawHeaders,
      url: request.url,
      body: String(Buffer.concat(chunks)),
    });
    const how = /how=(\w+)/.exec(request.url ?? '')?.[1];
    const head = { 'x-told': encodeURIComponent(told), 'content-type': 'application/json' };
    if (how === 'page') response.writeHead(200, { ...head, 'content-type': 'text/html' }).end(told);
    else if (how === 'redirect')
      response
        .writeHead(302, { ...head, location: `http://evil.example/?${encodeURIComponent(told)}` })
        .end();
    else if (how === 'rate') response.writeHead(429, { ...head, 'retry-after': '100000' }).end(told);
    else if (how === 'cut')
      response.writeHead(200, { ...head, 'content-length': 100_000 }).write(told, () => response.destroy());
    else if (how === 'refusal')
      response.writeHead(400, head).end(JSON.stringify({ code: '40009', msg: 'sign signature error', told }));
    else if (how === 'silence') setTimeout(() => response.destroy(), 200);
    else response.writeHead(500, head).end(told);
  });
});
let baseUrl: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
});
afterAll(() => {
  echo.closeAllConnections();
  echo.close();
});

/** Texts that are secrets of somebody: with what breaks headers, JSON and addresses too. */
const secretText = fc.oneof(
  fc.string({ minLength: 12, maxLength: 60, unit: fc.constantFrom(...'ABCabc0189+/=_-') }),
  fc.string({ minLength: 12, maxLength: 60, unit: fc.constantFrom(...'Sec#ret%"\'\\\n\r\té🐢 {}') }),
  fc.string({ minLength: 12, maxLength: 300 }).filter((text) => text.trim().length >= 12),
);
const WAYS = ['page', 'redirect', 'rate', 'cut', 'refusal', 'silence', 'error'];
const how = fc.constantFrom(...WAYS);
const method = fc.constantFrom('GET', 'POST', 'DELETE', 'TRACE', 'b a d');
const place = fc.constantFrom(
  'nowhere',
  'target',
  'fragment',
  'header',
  'header name',
  'body',
  'method',
  'keyId',
  'baseUrl',
);
const dialect = fc.constantFrom(...DIALECTS.map(({ name }) => name));

it('no error shows a secret, wherever the caller put it and whatever the server says', async () => {
  const codes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      dialect,
      secretText,
      secretText,
      how,
      method,
      place,
      async (name, secret, passphrase, way, verb, where) => {
        const at = (spot: string) => (where === spot ? secret : '');
        const caught: unknown[] = [];
        const note = (error: unknown) => {
          caught.push(error);
          codes.add((error as CountersignError).code);
        };
        const given = {
          ...optionsFor(name, baseUrl + at('baseUrl')),
          retries: 1,
          maxWaitMs: 10,
          timeoutMs: 100,
          secret,
          passphrase,
          ...(where === 'keyId' ? { keyId: secret } : {}),
        } as ClientOptions;
        try {
          const client = createClient(given);
          const url = `/orders?how=${way}&a=${at('target')}#${at('fragment')}`;
          const headers = { 'x-note': at('header'), ...(where === 'header name' ? { [secret]: 'x' } : {}) };
          const body = verb === 'GET' ? undefined : `{"note":"${at('body')}"}`;
          const request = { method: verb + at('method'), headers, ...(body === undefined ? {} : { body }) };
          await client.fetch(url, request).catch(note);
          await client.sign({ url, ...request }).catch(note);
          await client.login().catch(note);
          await client.handshake(url).catch(note);
        } catch (error) {
          note(error);
        }
        for (const text of caught.map(printed)) {
          for (const own of [secret, passphrase]) {
            for (const spelling of [own, JSON.stringify(own).slice(1, -1), encodeURIComponent(own)]) {
              expect(text).not.toContain(spelling);
            }
          }
        }
      },
    ),
    { numRuns: 300, examples: WAYS.map((way) => ['bitget', SECRET, PASSPHRASE, way, 'GET', 'nowhere']) },
  );
  for (const code of [
    'secret_invalid',
    'request_invalid',
    'redirected',
    'rate_limited',
    'answer_unexpected',
    'refused',
  ])
    expect(codes).toContain(code);
}, 120_000);

it('no error shows a secret that was given where a name or a path belongs', () => {
  const base64 = fc.string({
    minLength: 12,
    maxLength: 88,
    unit: fc.constantFrom(...'ABCXYZabcxyz0189+/=_-'),
  });
  const sources = [secretFromEnv, secretFromFile, keyFromEnvFile];
  fc.assert(
    fc.property(base64, fc.constantFrom(...sources), (secret, source) => {
      const text = printed(errorOf(() => source(secret).current()));
      expect(text).toContain('secret_unreadable');
      if (/[a-z=+/-]/.test(secret)) expect(text).not.toContain(secret);
    }),
    {
      examples: [
        ['//AAAAAAAAAAAA', secretFromFile],
        ['////////////', secretFromFile],
        ['/Zm9vYmFyYmF6', secretFromFile],
      ],
    },
  );
});

function errorOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
