import { execFileSync, spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Approval,
  type Credential,
  type CredentialKind,
  createSigningKey,
  DENIAL_CODES,
  DENIALS,
  type Dialect,
  decide,
  denial,
  dialectNamed,
  hasChecksum,
  idInToken,
  KeySlab,
  type Proof,
  prehashBytes,
  publicDenial,
  RESPONSE_FAULTS,
  type Refusal,
  type SigningKey,
  sha256Hex,
  signResponse,
  type WireRequest,
} from '../packages/core/dist/index.js';
import examples from './dialects/examples.json' with { type: 'json' };
import { codeBlocks, page, tableRows } from './pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NO_BODY = Buffer.alloc(0);
const slab = new KeySlab();

function dialect(name: string): Dialect {
  const found = dialectNamed(name);
  if (found === undefined) throw new Error(`there is no dialect ${name}`);
  return found;
}

function block(name: string, language: string, index = 0): string {
  const found = codeBlocks(page(`docs/dialects/${name}.md`), language)[index];
  if (found === undefined) throw new Error(`${name}.md has no block ${index} of ${language}`);
  return found;
}

/** Runs a program of a page, and returns the one line that it prints. The TypeScript there is JavaScript too. */
function printed(language: 'ts' | 'python' | 'sh', code: string): string {
  const path = join(folder, { ts: 'example.mjs', python: 'example.py', sh: 'example.sh' }[language]);
  writeFileSync(path, code);
  const program = { ts: process.execPath, python: 'python3', sh: 'sh' }[language];
  return execFileSync(program, [path], { encoding: 'utf8' }).trimEnd();
}

/** Runs the two shell blocks of a page against a server of ours, and returns the request that came. */
async function requestOfCurl(name: string, host?: string): Promise<WireRequest> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const came = new Promise<WireRequest>((resolve) => {
    server.on('request', async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      response.end();
      const { method = '', url = '', rawHeaders } = request;
      resolve({ method, target: url, headers: rawHeaders, body: Buffer.concat(parts) });
    });
  });
  try {
    const path = join(folder, 'curl.sh');
    writeFileSync(path, block(name, 'sh', 0) + block(name, 'sh', 1));
    // The page's host is not ours, but it is what the signature covers.
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

function credentialOf(kind: CredentialKind, proof: Partial<Proof>): Credential {
  return {
    id: 'docs-example-key',
    accountId: 'acct_1',
    label: '',
    metadata: {},
    profile: {
      environment: 'test',
      kind,
      dialects: undefined,
      permissions: [],
      allowedNetworks: undefined,
      rateLimits: [],
      constraints: {},
      nonceWindow: 0,
    },
    standing: 'active',
    expiresAt: Number.POSITIVE_INFINITY,
    revision: 1,
    proofs: [{ version: 1, retiresAt: Number.POSITIVE_INFINITY, ...proof }],
  };
}

function hmacCredential({ secret, passphrase = '' }: { secret: string; passphrase?: string }): Credential {
  return credentialOf('hmac', { key: slab.store(Buffer.from(secret), passphrase) });
}

function decisionOn(
  name: string,
  request: WireRequest,
  credential: Credential,
  nowMs: number,
): Approval | Refusal {
  const claim = dialect(name).read(request);
  if (!claim.ok) return { ok: false, denial: claim };
  return decide({
    request,
    dialect: dialect(name),
    claim,
    credential,
    dummies: () => credential,
    demanded: { permission: undefined, weight: 1, facts: () => ({}) },
    peer: undefined,
    audience: 'customers',
    nowMs,
    isFrozen: false,
    lastUsedAt: nowMs,
    passphraseWaitMs: 0,
  });
}

/** What core's own signer adds to a request. */
function signedByCore(
  name: string,
  request: WireRequest,
  secret: string,
  more: { nowMs: number; nonce?: string },
) {
  const key = createSigningKey({
    keyId: 'docs-example-key',
    kind: 'hmac',
    secret,
    passphrase: 'Passphrase1',
  });
  return dialect(name).sign(request, key, { nowMs: more.nowMs, nonce: more.nonce ?? '' }).headers;
}

describe.each([
  { name: 'bitget', prefix: '', example: examples.bitget },
  { name: 'okx', prefix: 'OK-', example: examples.okx },
])('the page about $name', ({ name, prefix, example }) => {
  const text = page(`docs/dialects/${name}.md`);

  function requestWith(signature: string, method: string, target: string, body: string): WireRequest {
    const values = {
      KEY: example.keyId,
      SIGN: signature,
      TIMESTAMP: example.timestamp,
      PASSPHRASE: example.passphrase,
    };
    const headers = Object.entries(values).flatMap(([part, value]) => [`${prefix}ACCESS-${part}`, value]);
    return { method, target, headers, body: Buffer.from(body) };
  }

  it('shows the numbers of examples.json', () => {
    const { keyId, secret, passphrase, timestamp, prehash, signature, method, target, body } = example;
    expect(timestamp + method + target + body).toBe(prehash);
    const shown = tableRows(text).map(([, value]) => value);
    for (const value of [keyId, secret, passphrase, timestamp, prehash, signature])
      expect(shown).toContain(`\`${value}\``);
  });

  it.each(['ts', 'python', 'sh'] as const)('has an example in %s that prints the signature', (language) => {
    expect(printed(language, block(name, language))).toBe(example.signature);
  });

  it('has a curl command whose request is let through', async () => {
    const request = await requestOfCurl(name);
    expect(request).toMatchObject({ method: example.method, target: example.target });
    expect(decisionOn(name, request, hmacCredential(example), example.nowMs)).toMatchObject({
      ok: true,
      matched: 'wire',
    });
  });

  it('has the signature that core makes, and verifies', () => {
    const { method, target, body, secret, nowMs, signature, prehash } = example;
    const unsigned = { method, target, headers: [], body: Buffer.from(body) };
    expect(signedByCore(name, unsigned, secret, { nowMs })[`${prefix}ACCESS-SIGN`]).toBe(signature);
    const claim = dialect(name).read(requestWith(signature, method, target, body));
    expect(claim.ok && prehashBytes(claim.prehash).toString()).toBe(prehash);
  });

  it.each(example.spellings)(
    'tells the spelling $signedTarget',
    ({ sentTarget, signedTarget, matched, signature }) => {
      const query = (target: string) => target.slice(target.indexOf('?') + 1);
      const said = matched === null ? 'refused' : `\`${matched}\``;
      expect(text).toContain(
        `| \`${query(sentTarget)}\` | \`${query(signedTarget)}\` | \`${signature}\` | ${said} |`,
      );
      const unsigned = { method: 'GET', target: signedTarget, headers: [], body: NO_BODY };
      expect(signedByCore(name, unsigned, example.secret, example)[`${prefix}ACCESS-SIGN`]).toBe(signature);
      const request = requestWith(signature, 'GET', sentTarget, '');
      const decision = decisionOn(name, request, hmacCredential(example), example.nowMs);
      if (matched === null)
        expect(decision).toMatchObject({ ok: false, denial: { code: 'signature_mismatch' } });
      else expect(decision).toMatchObject({ ok: true, matched });
    },
  );

  it('says that a body is refused with GET, and is right', () => {
    const request = requestWith(example.signature, 'GET', '/', '{}');
    expect(decisionOn(name, request, hmacCredential(example), example.nowMs)).toMatchObject({
      ok: false,
      denial: { code: 'malformed_request' },
    });
  });

  it('lists every refusal as it is answered', () => {
    const parts = ['key', 'signature', 'timestamp', 'passphrase'] as const;
    const asked = DENIAL_CODES.flatMap((code) =>
      (code === 'credential_missing' ? parts : [undefined]).map((part) => ({ code, part })),
    );
    const expected = asked.map(({ code, part }) => {
      const answer = dialect(name).refuse(denial(code, '', { part, permission: '{0}' }), {
        nowMs: 0,
        requestId: '',
      });
      const body = JSON.parse(answer.body) as { code: string; msg: string };
      const label = `[\`${code}\`](../errors/${code}.md)${part === undefined ? '' : ` (${part})`}`;
      return [label, body.code, String(answer.status), body.msg];
    });
    const rows = tableRows(text).filter(([first]) => first?.includes('../errors/'));
    expect(rows).toEqual(expected);
  });

  it('tells the window', () => {
    expect(dialect(name).window).toEqual({ pastMs: 30_000, futureMs: 30_000 });
    expect(text).toContain('30 seconds before or after');
  });
});

describe('the page about rfc9421', () => {
  const text = page('docs/dialects/rfc9421.md');
  const example = examples.rfc9421;
  const { method, target, host, body, secret, nowMs, nonce, contentDigest } = example;

  function requestWith({
    signatureInput,
    signature,
  }: {
    signatureInput: string;
    signature: string;
  }): WireRequest {
    const headers = ['Host', host, 'Content-Digest', contentDigest];
    headers.push('Signature-Input', signatureInput, 'Signature', `sig1=:${signature}:`);
    return { method, target, headers, body: Buffer.from(body) };
  }

  it('shows the numbers of examples.json', () => {
    const shown = tableRows(text).map(([, value]) => value);
    const { signatureInput, signature, signatureBase } = example.hmac;
    for (const value of [secret, body, contentDigest, signatureInput, signature])
      expect(shown).toContain(`\`${value}\``);
    expect(codeBlocks(text, 'text')[0]).toBe(`${signatureBase}\n`);
    expect(text).toContain(`\`${example.ed25519.signature}\``);
  });

  it.each(['ts', 'python', 'sh'] as const)('has an example in %s that prints the signature', (language) => {
    expect(printed(language, block('rfc9421', language))).toBe(example.hmac.signature);
  });

  it('has an Ed25519 example that prints its signature', () => {
    expect(printed('ts', block('rfc9421', 'ts', 1))).toBe(example.ed25519.signature);
  });

  it('has a curl command whose request is let through', async () => {
    const request = await requestOfCurl('rfc9421', host);
    const decision = decisionOn('rfc9421', { ...request, scheme: 'https' }, hmacCredential(example), nowMs);
    expect(decision).toMatchObject({ ok: true });
  });

  it('has the signature that core makes, and verifies', () => {
    const unsigned = { method, target, headers: ['Host', host], body: Buffer.from(body) };
    expect(signedByCore('rfc9421', unsigned, secret, { nowMs, nonce })).toEqual({
      'Content-Digest': contentDigest,
      'Signature-Input': example.hmac.signatureInput,
      Signature: `sig1=:${example.hmac.signature}:`,
    });
    const claim = dialect('rfc9421').read(requestWith(example.hmac));
    expect(claim.ok && prehashBytes(claim.prehash).toString()).toBe(example.hmac.signatureBase);
    expect(decisionOn('rfc9421', requestWith(example.hmac), hmacCredential(example), nowMs).ok).toBe(true);
    const publicKey = createPublicKey(example.ed25519.publicKeyPem);
    expect(
      decisionOn('rfc9421', requestWith(example.ed25519), credentialOf('ed25519', { publicKey }), nowMs).ok,
    ).toBe(true);
  });

  it('shows the base of an answer', () => {
    const request = requestWith(example.hmac);
    const response = { status: 201, headers: [], body: Buffer.from('{"id":"17"}') };
    let base = '';
    const sign: SigningKey['sign'] = (_use, prehash) => {
      base = prehashBytes(prehash).toString();
      return '';
    };
    const key: SigningKey = { keyId: 'docs-example-answers', kind: 'hmac', sign };
    expect(signResponse(response, request, key, { nowMs }).ok).toBe(true);
    expect(codeBlocks(text, 'text')[1]).toBe(`${base}\n`);
  });

  it('lists the faults of an answer', () => {
    const rows = tableRows(text).map(([code]) => code);
    for (const code of RESPONSE_FAULTS) expect(rows).toContain(`\`${code}\``);
  });

  it('tells the window', () => {
    expect(dialect('rfc9421').window).toEqual({ pastMs: 60_000, futureMs: 60_000 });
    expect(text).toContain('60 seconds before or after');
  });
});

describe('the page about bearer', () => {
  const { token, keyId, checksum, sha256, nowMs } = examples.bearer;

  it('shows the numbers of examples.json', () => {
    const shown = tableRows(page('docs/dialects/bearer.md')).map(([, value]) => value);
    for (const value of [token, keyId, checksum, sha256]) expect(shown).toContain(`\`${value}\``);
  });

  it.each(['ts', 'python', 'sh'] as const)(
    'has an example in %s that prints checksum and hash',
    (language) => {
      expect(printed(language, block('bearer', language))).toBe(`${checksum} ${sha256}`);
    },
  );

  it('agrees with core', () => {
    expect(hasChecksum(token)).toBe(true);
    expect(idInToken(token)).toBe(keyId);
    expect(sha256Hex(token)).toBe(sha256);
  });

  it('has a curl command whose request is let through', async () => {
    const request = await requestOfCurl('bearer');
    expect(decisionOn('bearer', request, credentialOf('bearer', { tokenHash: sha256 }), nowMs).ok).toBe(true);
  });
});

describe.each(['rfc9421', 'bearer'])('the page about %s', (name) => {
  it('lists every refusal as it is answered', () => {
    const expected = DENIAL_CODES.map((code) => {
      const answer = dialect(name).refuse(denial(code, ''), { nowMs: 0, requestId: '' });
      const shown = publicDenial(denial(code, '')).code;
      expect(JSON.parse(answer.body)).toMatchObject({
        code: shown,
        status: answer.status,
        title: DENIALS[shown].title,
      });
      return [`[\`${code}\`](../errors/${code}.md)`, `\`${shown}\``, String(answer.status)];
    });
    const rows = tableRows(page(`docs/dialects/${name}.md`)).filter(([first]) =>
      first?.includes('../errors/'),
    );
    expect(rows).toEqual(expected);
  });
});

describe('each page about a dialect', () => {
  it.each(['bitget', 'okx', 'rfc9421', 'bearer'])('names the kinds of key and the headers of %s', (name) => {
    const text = page(`docs/dialects/${name}.md`);
    const { schemes, securityHeaders } = dialect(name);
    for (const kind of Object.keys(schemes)) expect(text).toContain(`| \`${kind}\` |`);
    for (const header of securityHeaders) expect(text.toLowerCase()).toContain(`| \`${header}\` |`);
  });
});
