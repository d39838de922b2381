import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect, type WireRequest } from '../packages/core/dist/index.js';
import { ask } from '../packages/core/test/given.ts';
import {
  credentialOf,
  type Vector,
  type VectorCredential,
  vectorFilesOf,
} from '../packages/core/test/vectors.ts';
import { glanceRows, refusalRows, tableText } from './dialect-facts.ts';
import { codeBlocks, page, tableRows } from './pages.ts';

/** The vector that a dialect's page works out step by step. */
const EXAMPLE = 'the worked example of the page';
/** Pages that were written before this form; `dialects.test.ts` runs their examples. */
const OWN_FORM = ['bitget', 'okx', 'rfc9421', 'bearer'];
const PAGES = DIALECTS.filter(({ name }) => !OWN_FORM.includes(name));

const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(DIALECTS)('the page about $name', (dialect) => {
  const text = page(`docs/dialects/${dialect.name}.md`);

  it('names the kinds of key, and the headers', () => {
    for (const kind of Object.keys(dialect.schemes)) expect(text).toContain(`| \`${kind}\` |`);
    for (const header of dialect.securityHeaders) expect(text.toLowerCase()).toContain(`| \`${header}\` |`);
  });

  it('says at a glance what is so', () => {
    const rows = tableRows(text);
    for (const row of glanceRows(dialect))
      expect(rows, tableText(['at a glance', ''], glanceRows(dialect))).toContainEqual(row);
  });

  it('is linked from the list, and its name is in the README', () => {
    expect(page('docs/README.md')).toContain(`](dialects/${dialect.name}.md)`);
    expect(page('README.md')).toContain(`\`${dialect.name}\``);
  });

  it('has a part about what is not covered', () => expect(text).toMatch(/^## What is not covered$/m));
});

describe.each(PAGES)('the page about $name', (dialect) => {
  const text = page(`docs/dialects/${dialect.name}.md`);
  const { vector, credential } = exampleOf(dialect);
  const prints = (language: 'ts' | 'python' | 'sh') => printed(language, blockOf(text, language));

  it('shows the numbers of the vector', () => {
    const shown = tableRows(text).map(([, value]) => value);
    const { secret, passphrase, id } = credential;
    const texts = [id, secret, passphrase, vector.signature].filter((value) => value != null);
    for (const value of texts) expect(shown).toContain(`\`${value}\``);
  });

  it.each(['ts', 'python', 'sh'] as const)('has an example in %s that prints the signature', (language) => {
    if (codeBlocks(text, language).length === 0) {
      expect(text, `no example in ${language}, and no word on why`).toMatch(
        new RegExp(`^No ${language}: `, 'm'),
      );
    } else expect(prints(language)).toBe(vector.signature);
  });

  it('has a curl command whose request is let through', async () => {
    const blocks = codeBlocks(text, 'sh');
    if (blocks.length === 0) return expect(text).toMatch(/^No sh: /m);
    const request = await requestOfCurl(blocks.slice(0, 2).join(''), vector);
    const given = { nowMs: vector.nowMs, context: vector.context ?? {} };
    const decision = ask(dialect, request, credentialOf(credential), given);
    expect(decision).toMatchObject({ ok: true, matched: 'wire' });
  });

  it('lists every refusal as it is answered', () => {
    const rows = tableRows(text).filter(([first]) => first?.includes('../errors/'));
    expect(rows, tableText(['denial', 'HTTP', 'answer'], refusalRows(dialect))).toEqual(refusalRows(dialect));
  });
});

function exampleOf(dialect: Dialect): { vector: Vector; credential: VectorCredential } {
  for (const { vectors } of vectorFilesOf(dialect.name)) {
    const vector = vectors.cases.find(({ name }) => name === EXAMPLE);
    if (vector === undefined) continue;
    return { vector, credential: vectors.credentials[vector.credential] as VectorCredential };
  }
  throw new Error(`the vectors of ${dialect.name} have no case "${EXAMPLE}"`);
}

function blockOf(text: string, language: string): string {
  return codeBlocks(text, language)[0] as string;
}

/** Runs a program of a page, and returns what it prints. The TypeScript there is JavaScript too. */
function printed(language: 'ts' | 'python' | 'sh', code: string): string {
  const path = join(folder, { ts: 'example.mjs', python: 'example.py', sh: 'example.sh' }[language]);
  writeFileSync(path, code);
  const program = { ts: process.execPath, python: 'python3', sh: 'sh' }[language];
  return execFileSync(program, [path], { encoding: 'utf8' }).trimEnd();
}

/** Runs the shell blocks of a page against a server of ours, and returns the request that came. */
async function requestOfCurl(code: string, { request }: Vector): Promise<WireRequest> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const came = new Promise<WireRequest>((resolve) => {
    server.on('request', async (message, response) => {
      const parts: Buffer[] = [];
      for await (const part of message) parts.push(part as Buffer);
      response.end();
      const { method = '', url = '', rawHeaders } = message;
      resolve({
        method,
        target: url,
        headers: rawHeaders,
        body: Buffer.concat(parts),
        scheme: request.scheme,
      });
    });
  });
  try {
    const path = join(folder, 'curl.sh');
    writeFileSync(path, code);
    // The page's host is not ours, but it may be what the signature covers.
    const host = request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
    writeFileSync(join(folder, '.curlrc'), host === undefined ? '' : `header = "Host: ${host}"\n`);
    const { port } = server.address() as AddressInfo;
    const env = { PATH: process.env.PATH, CURL_HOME: folder, API: `http://127.0.0.1:${port}` };
    const ended = new Promise<number | null>((resolve) => {
      spawn('sh', [path], { env, stdio: 'ignore' }).on('close', resolve);
    });
    expect(await ended).toBe(0);
    return await came;
  } finally {
    server.close();
  }
}
