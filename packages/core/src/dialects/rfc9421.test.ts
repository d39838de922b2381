import { describe, expect, it } from 'vitest';
import rfc9530 from '../../../../vectors/rfc9530.json' with { type: 'json' };
import { accepts, created, nowMs, refusal, request, sha256, signedWith, TERMS } from '../../test/rfc9421.ts';
import type { WireRequest } from '../message.ts';
import { rfc9421 } from './rfc9421.ts';

describe('read', () => {
  it('reads the claim', () => {
    const input = `a=("@method" "@target-uri")${TERMS};expires=${created + 9};alg="hmac-sha256";tag="t"`;
    const signed = signedWith(input);
    expect(rfc9421.read(signed)).toMatchObject({
      ok: true,
      keyId: 'csk_test',
      timestampMs: created * 1000,
      expiresMs: (created + 9) * 1000,
      nonce: 'n1',
      namedScheme: 'hmac-sha256',
    });
    expect(accepts(signed)).toBe(true);
  });

  it('hands on an algorithm that it does not know, to be refused by the record', () => {
    const claim = rfc9421.read(signedWith(`a=("@method" "@target-uri")${TERMS};alg="none"`));
    expect(claim).toMatchObject({ ok: true, namedScheme: 'none' });
  });

  it.each<[string, Partial<WireRequest>]>([
    ['"@method" "@target-uri"', { target: '/a?b=1' }],
    ['"@method" "@request-target"', { target: '/a?b=1' }],
    ['"@method" "@path" "@query"', { target: '/a?b=1' }],
    ['"@method" "@path"', { target: '/a' }],
    ['"@method" "@path" "@query"', { target: '/a' }],
  ])('is content with %s for %o', (components, over) => {
    expect(accepts(signedWith(`a=(${components})${TERMS}`, over))).toBe(true);
  });

  it('verifies when a proxy has changed the spaces of Signature-Input', () => {
    const { headers, ...rest } = signedWith(`a=("@method" "@target-uri")${TERMS}`);
    const respaced = headers.map((text) =>
      text.replace('("@method" ', '(  "@method"   ').replace(';', ';  '),
    );
    expect(respaced).not.toEqual(headers);
    expect(accepts({ ...rest, headers: respaced })).toBe(true);
  });

  const enough = `a=("@method" "@target-uri")${TERMS}`;
  const one = 'a=:aGk=:';

  it.each<[string, string[], string]>([
    ['Signature-Input is missing', [], 'credential_missing, key'],
    ['Signature-Input is missing', ['Signature', 'keyId="a",signature="aGk="'], 'credential_missing, key'],
    ['Signature-Input is empty', ['Signature-Input', '', 'Signature', one], 'credential_missing, key'],
    ['Signature is missing', ['Signature-Input', enough], 'credential_missing, signature'],
    [
      'Signature occurs twice',
      ['Signature-Input', enough, 'Signature', one, 'signature', one],
      'malformed_request, signature',
    ],
    [
      'Signature-Input occurs twice',
      ['Signature-Input', enough, 'Signature', one, 'signature-input', enough],
      'malformed_request, key',
    ],
    [
      'Content-Digest occurs twice',
      ['Signature-Input', enough, 'Signature', one, 'Content-Digest', 'a', 'content-digest', 'a'],
      'malformed_request',
    ],
    [
      'Signature-Input holds 2 signatures',
      ['Signature-Input', `${enough}, b=()`, 'Signature', `${one}, b=:aGk=:`],
      'malformed_request',
    ],
    [
      'Signature holds 2 signatures',
      ['Signature-Input', enough, 'Signature', `${one}, b=:aGk=:`],
      'malformed_request',
    ],
    ['do not have the same label', ['Signature-Input', enough, 'Signature', 'b=:aGk=:'], 'malformed_request'],
    [
      'Signature-Input is not a dictionary',
      ['Signature-Input', 'a=(', 'Signature', one],
      'malformed_request',
    ],
    ['is not a list', ['Signature-Input', 'a="@method"', 'Signature', one], 'malformed_request'],
    ...['"aGk="', '1', '?1', 'token', '(:aGk=:)', ':aGk=:;x'].map((value): [string, string[], string] => [
      'not a byte sequence',
      ['Signature-Input', enough, 'Signature', `a=${value}`],
      'malformed_request',
    ]),
  ])('says "%s" of %j', (detail, headers, code) => {
    const refused = refusal(rfc9421.read(request({ headers: ['Host', 'a', ...headers] })));
    expect([refused.code, refused.part].filter(Boolean).join(', ')).toBe(code);
    expect(refused.detail).toContain(detail);
  });

  it.each([
    ['created=1;nonce="n"', 'credential_missing', 'no keyid'],
    ['created=1;nonce="n";keyid=""', 'credential_missing', 'no keyid'],
    ['created=1;nonce="n";keyid=k', 'malformed_request', 'keyid is not a string'],
    [`created=1;nonce="n";keyid="${'k'.repeat(257)}"`, 'malformed_request', '256 characters'],
    ['nonce="n";keyid="k"', 'malformed_request', 'no created'],
    ['created="1";nonce="n";keyid="k"', 'timestamp_invalid', 'created is not a whole'],
    ['created=-1;nonce="n";keyid="k"', 'timestamp_invalid', 'created is not a whole'],
    ['created;nonce="n";keyid="k"', 'timestamp_invalid', 'created is not a whole'],
    ['created=1;expires="2";nonce="n";keyid="k"', 'timestamp_invalid', 'expires is not a whole'],
    ['created=1;expires=-2;nonce="n";keyid="k"', 'timestamp_invalid', 'expires is not a whole'],
    ['created=1;keyid="k"', 'malformed_request', 'no nonce'],
    ['created=1;nonce=1;keyid="k"', 'malformed_request', 'nonce is not a string'],
    ['created=1;nonce="";keyid="k"', 'malformed_request', 'nonce is not a string'],
    [`created=1;nonce="${'n'.repeat(129)}";keyid="k"`, 'malformed_request', '128 characters'],
    ['created=1;nonce="n";keyid="k";alg=ed25519', 'malformed_request', 'alg is not a string'],
  ])('refuses the parameters %s', (terms, code, detail) => {
    const refused = refusal(rfc9421.read(signedWith(`a=("@method" "@target-uri");${terms}`)));
    expect(refused.code).toBe(code);
    expect(refused.detail).toContain(detail);
  });

  const digested = ['Host', 'a', 'Content-Digest', `sha-256=:${sha256('{}')}:`];
  const body = Buffer.from('{}');
  it.each<[string, Partial<WireRequest>, string]>([
    ['', {}, 'does not cover @method'],
    ['"@target-uri"', {}, 'does not cover @method'],
    ['"@method" "@authority"', {}, 'does not cover the target'],
    ['"@method" "@query"', { target: '/a?b=1' }, 'does not cover the target'],
    ['"@method" "@path"', { target: '/a?b=1' }, 'does not cover @query'],
    ['"@method" "@path"', { target: '/a?' }, 'does not cover @query'],
    ['"@method" "@path" "@query-param";name="b"', { target: '/a?b=1' }, 'does not cover @query'],
    ['"@method" "@target-uri"', { body, headers: digested }, 'does not cover content-digest'],
    ['"@method" "@target-uri" "content-digest";key="sha-256"', { body, headers: digested }, 'key is not'],
    ['"@method" "@target-uri" "@method"', {}, 'twice'],
  ])('refuses what covers only %s', (components, over, detail) => {
    const refused = refusal(rfc9421.read(signedWith(`a=(${components})${TERMS}`, over)));
    expect(refused.code).toBe('malformed_request');
    expect(refused.detail).toContain(detail);
  });

  it('never quotes more than a little of the request', () => {
    const components = `"${'A'.repeat(4000)}"`;
    const refused = refusal(rfc9421.read(signedWith(`a=("@method" "@target-uri" ${components})${TERMS}`)));
    expect(refused.detail.length).toBeLessThanOrEqual(300);
  });
});

describe('Content-Digest (RFC 9530)', () => {
  const withDigest = (text: string, digest: string) =>
    signedWith(`a=("@method" "@target-uri" "content-digest")${TERMS}`, {
      method: 'POST',
      body: Buffer.from(text),
      headers: ['Host', 'api.example', 'Content-Digest', digest],
    });

  it.each(rfc9530.cases)('$section: $name: $expected', ({ body, contentDigest, expected }) => {
    const claim = rfc9421.read(withDigest(body, contentDigest));
    const outcome = claim.ok ? 'match' : claim.code === 'signature_mismatch' ? 'mismatch' : 'unsupported';
    expect(outcome).toBe(expected);
  });

  it.each([
    [
      'an empty body with the digest of another',
      '',
      `sha-256=:${sha256('x')}:`,
      'signature_mismatch',
      'The body does not',
    ],
    [
      'a right digest and a wrong one',
      'x',
      `sha-256=:${sha256('x')}:, sha-512=:aGk=:`,
      'signature_mismatch',
      'sha-512',
    ],
    ['a digest without colons', 'x', 'sha-256=aGk', 'malformed_request', 'sha-256 is not a byte sequence'],
    [
      'a list of digests',
      'x',
      `sha-256=(:${sha256('x')}:)`,
      'malformed_request',
      'sha-256 is not a byte sequence',
    ],
    ['an empty field', 'x', '', 'malformed_request', 'neither'],
    ['a digest of the older Digest field', 'x', 'SHA-256=abc', 'malformed_request', 'not a dictionary'],
    [
      'the same algorithm twice',
      'x',
      `sha-256=:${sha256('x')}:, sha-256=:aGk=:`,
      'malformed_request',
      'second time',
    ],
  ])('refuses %s', (_, body, digest, code, detail) => {
    const refused = refusal(rfc9421.read(withDigest(body, digest)));
    expect(refused.code).toBe(code);
    expect(refused.detail).toContain(detail);
  });

  it('ignores unknown algorithms beside a known one', () => {
    expect(accepts(withDigest('x', `md5=:aGk=:, sha-256=:${sha256('x')}:, crc32c=1`))).toBe(true);
  });

  it('refuses a covered digest that is not there', () => {
    const signed = signedWith(`a=("@method" "@target-uri" "content-digest")${TERMS}`);
    expect(refusal(rfc9421.read(signed)).detail).toContain('no such header');
  });
});

describe('refuse', () => {
  it('answers with problem details and a challenge', () => {
    const answer = rfc9421.refuse(refusal(rfc9421.read(request())), { nowMs, requestId: 'req_1' });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Signature realm="countersign"');
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'credential_missing', requestId: 'req_1' });
  });
});
