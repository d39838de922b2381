import { createHash, createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import b2 from '../../../../vectors/rfc9421-b2.json' with { type: 'json' };
import rfc9530 from '../../../../vectors/rfc9530.json' with { type: 'json' };
import type { Proof } from '../credential/credential.ts';
import type { Denial } from '../denial.ts';
import type { WireRequest } from '../message.ts';
import { hmac } from '../schemes/hmac.ts';
import { KeySlab } from '../schemes/key-slab.ts';
import { prehashBytes } from '../schemes/prehash.ts';
import { proves, SCHEMES, type SchemeName, type SchemeUse } from '../schemes/scheme.ts';
import type { Claim, SigningKey } from './dialect.ts';
import { rfc9421, signatureBase } from './rfc9421.ts';
import { type InnerList, parseDictionary } from './structured-fields.ts';

const slab = new KeySlab();
const current = { version: 1, retiresAt: Number.POSITIVE_INFINITY };
const nowMs = 1_795_500_000_999;
const created = 1_795_500_000;

function request(over: Partial<WireRequest> = {}): WireRequest {
  return {
    method: 'GET',
    target: '/v1/keys',
    headers: ['Host', 'api.example'],
    body: Buffer.alloc(0),
    ...over,
  };
}

function listOf(input: string): InnerList {
  const parsed = parseDictionary(input);
  if (!parsed.ok) throw new Error(parsed.fault);
  return [...parsed.members.values()][0] as InnerList;
}

function refusal(outcome: Claim | Denial | string): Denial {
  if (typeof outcome === 'string' || outcome.ok) throw new Error('it was not refused');
  return outcome;
}

describe('RFC 9421 Appendix B.2', () => {
  const { headers, ...line } = b2.messages['test-request'];
  const testRequest = request({ ...line, headers: headers.flat(), body: Buffer.from(line.body) });

  function proofFor(name: string): Proof {
    const key: { base64?: string; publicKeyPem?: string } = b2.keys[name as keyof typeof b2.keys];
    return key.base64 === undefined
      ? { ...current, publicKey: createPublicKey(key.publicKeyPem as string) }
      : { ...current, key: slab.store(Buffer.from(key.base64, 'base64')) };
  }

  it.each(b2.cases)('$section $name', ({ section, message, algorithm, key, ...vector }) => {
    const use: SchemeUse = { scheme: algorithm as SchemeName, encoding: 'base64' };
    const signature = vector.signature.slice(vector.signature.indexOf(':') + 1, -1);
    const proof = proofFor(key);
    const built = signatureBase(testRequest, listOf(vector.signatureInput));
    if (message === 'test-request') expect(built).toBe(vector.signatureBase);
    // B.2.4 signs a response, and this dialect signs requests: the published base stands in.
    else
      expect([section, refusal(built).detail]).toEqual([
        'B.2.4',
        '"@status" is not a component of a request.',
      ]);
    expect(proves(use, proof, [vector.signatureBase], signature)).toBe(true);
    expect(proves(use, proof, [`${vector.signatureBase} `], signature)).toBe(false);
  });

  // The standard's examples show the mechanism: each could be replayed, or moved to another request.
  const requests = b2.cases.filter((vector) => vector.message === 'test-request');
  it('has five signed requests', () => expect(requests).toHaveLength(5));

  it.each(requests)('$section is too weak for the dialect', ({ section, signatureInput, signature }) => {
    const signed = [...testRequest.headers, 'Signature-Input', signatureInput, 'Signature', signature];
    const refused = refusal(rfc9421.read({ ...testRequest, headers: signed }));
    expect(refused.detail).toContain(section === 'B.2.1' ? 'does not cover @method' : 'no nonce');
  });
});

describe('signatureBase', () => {
  const lines = (over: Partial<WireRequest>, components: string) => {
    const base = signatureBase(request(over), listOf(`s=(${components})`));
    if (typeof base !== 'string') throw new Error(base.detail);
    return base.split('\n').slice(0, -1);
  };
  const fault = (over: Partial<WireRequest>, components: string) =>
    refusal(signatureBase(request(over), listOf(`s=(${components})`))).detail;

  it('combines header fields (section 2.1)', () => {
    const headers = [
      ...['Host', 'www.example.com', 'Date', 'Tue, 20 Apr 2021 02:07:56 GMT'],
      ...[
        'X-OWS-Header',
        '  Leading and trailing whitespace.\t ',
        'X-Obs-Fold-Header',
        'Obsolete\r\n    line folding.',
      ],
      ...['Cache-Control', 'max-age=60', 'Cache-Control', '   must-revalidate'],
      ...['Example-Dict', ' a=1,    b=2;x=1;y=2,   c=(a   b   c)', 'X-Empty-Header', ''],
    ];
    const names =
      '"host" "date" "x-ows-header" "x-obs-fold-header" "cache-control" "example-dict" "x-empty-header"';
    expect(lines({ headers }, names)).toEqual([
      '"host": www.example.com',
      '"date": Tue, 20 Apr 2021 02:07:56 GMT',
      '"x-ows-header": Leading and trailing whitespace.',
      '"x-obs-fold-header": Obsolete line folding.',
      '"cache-control": max-age=60, must-revalidate',
      '"example-dict": a=1,    b=2;x=1;y=2,   c=(a   b   c)',
      '"x-empty-header": ',
    ]);
  });

  it('derives components (section 2.2)', () => {
    const over = { method: 'POST', target: '/path?param=value&baz=bat%2Dman', scheme: 'http' } as const;
    const host = (value: string) => ({ ...over, headers: ['host', value] });
    const all = '"@method" "@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query"';
    expect(lines(host('WWW.Example.com:80'), all)).toEqual([
      '"@method": POST',
      '"@target-uri": http://www.example.com/path?param=value&baz=bat%2Dman',
      '"@authority": www.example.com',
      '"@scheme": http',
      '"@request-target": /path?param=value&baz=bat%2Dman',
      '"@path": /path',
      '"@query": ?param=value&baz=bat%2Dman',
    ]);
    expect(lines(host('[::1]:8420'), '"@authority"')).toEqual(['"@authority": [::1]:8420']);
    expect(lines({}, '"@query" "@scheme"')).toEqual(['"@query": ?', '"@scheme": https']);
    expect(lines({ headers: ['Host', 'a:443'] }, '"@target-uri"')).toEqual([
      '"@target-uri": https://a/v1/keys',
    ]);
    expect(lines({ headers: ['Host', 'a:80'] }, '"@authority"')).toEqual(['"@authority": a:80']);
  });

  it('decodes and encodes query parameters (section 2.2.8)', () => {
    const first = { target: '/path?param=value&foo=bar&baz=batman&qux=' };
    const params = '"@query-param";name="baz" "@query-param";name="qux" "@query-param";name="param"';
    expect(lines(first, params)).toEqual([
      '"@query-param";name="baz": batman',
      '"@query-param";name="qux": ',
      '"@query-param";name="param": value',
    ]);
    const query =
      'var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something';
    const encoded =
      '"@query-param";name="var" "@query-param";name="bar" "@query-param";name="fa%C3%A7ade%22%3A%20"';
    expect(lines({ target: `/parameters?${query}` }, encoded)).toEqual([
      '"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value',
      '"@query-param";name="bar": with%20plus%20whitespace',
      '"@query-param";name="fa%C3%A7ade%22%3A%20": something',
    ]);
    expect(lines({ target: '/?&=x&' }, '"@query-param";name=""')).toEqual(['"@query-param";name="": x']);
    expect(lines({ target: "/?&a=!~'()*" }, '"@query-param";name="a"')[0]).toContain('%21%7E%27%28%29*');
  });

  it.each<[string, Partial<WireRequest>, string, string]>([
    ['a component twice', {}, '"@method" "@method"', 'twice'],
    [
      'the same query parameter twice',
      { target: '/?a=1' },
      '"@query-param";name="a" "@query-param";name="a"',
      'twice',
    ],
    ['a repeated query parameter', { target: '/?a=1&%61=2' }, '"@query-param";name="a"', 'twice'],
    ['an absent query parameter', { target: '/?a=1' }, '"@query-param";name="b"', 'lacks a parameter'],
    ['a query parameter without its name', { target: '/?a=1' }, '"@query-param"', 'lacks its name'],
    [
      'a query parameter with a name that is no string',
      { target: '/?a' },
      '"@query-param";name=a',
      'lacks its name',
    ],
    ['a query parameter with req', { target: '/?a' }, '"@query-param";name="a";req', 'req is not supported'],
    ['a value that is not UTF-8', { target: '/?a=%ff' }, '"@query-param";name="a"', 'not UTF-8'],
    ['a name that is not UTF-8', { target: '/?%ff&a=1' }, '"@query-param";name="a"', 'not UTF-8'],
    ['an absent header', {}, '"date"', 'no such header'],
    ['an upper-case name', {}, '"Host"', 'lower case'],
    ['an empty name', {}, '""', 'lower case'],
    ['a name with a line break in its value', { headers: ['a', 'x\n"@method": GET'] }, '"a"', 'cannot sign'],
    ['a folding that is none', { headers: ['a', 'x\r\ny'] }, '"a"', 'cannot sign'],
    ['a value beyond ASCII', { headers: ['a', '\u00e9'] }, '"a"', 'cannot sign'],
    ['a no-break space at the end', { headers: ['a', 'x\u00a0'] }, '"a"', 'cannot sign'],
    ['a method with a line break', { method: 'GET\n' }, '"@method"', 'cannot sign'],
    ['a token', {}, 'date', 'not a string'],
    ['an unknown derived component', {}, '"@nonsense"', 'not a component'],
    ['its own parameters', {}, '"@signature-params"', 'not a component'],
    ['the status of a response', {}, '"@status"', 'not a component'],
    ['sf', {}, '"host";sf', 'sf is not supported'],
    ['bs', {}, '"host";bs', 'bs is not supported'],
    ['key', {}, '"host";key="a"', 'key is not supported'],
    ['tr', {}, '"host";tr', 'tr is not supported'],
    ['req', {}, '"@method";req', 'req is not supported'],
    ['no Host', { headers: [] }, '"@authority"', 'Host is missing'],
    ['two Hosts', { headers: ['Host', 'a', 'host', 'a'] }, '"@target-uri"', 'Host occurs twice'],
    ['a Host with a path', { headers: ['Host', 'a/b'] }, '"@authority"', 'not a host name'],
    ['a Host with a user', { headers: ['Host', 'u@a'] }, '"@authority"', 'not a host name'],
    ['a target that continues the host', { target: '.evil.example/' }, '"@target-uri"', 'origin form'],
  ])('refuses %s', (_, over, components, expected) => {
    expect(fault(over, components)).toContain(expected);
  });
});

const secret = slab.store(Buffer.from('a secret of the test, 32 bytes ..'));
const hmacProof: Proof = { ...current, key: secret };
const hmacKey: SigningKey = {
  keyId: 'csk_test',
  kind: 'hmac',
  sign: (use, prehash) => hmac('sha256', secret, prehash, use.encoding),
};

/** Signs whatever the test says, in the order of the parameters given, well or badly. */
function signedWith(input: string, over: Partial<WireRequest> = {}): WireRequest {
  const unsigned = request(over);
  const base = signatureBase(unsigned, listOf(input));
  const signature = hmac('sha256', secret, [typeof base === 'string' ? base : ''], 'base64');
  const label = input.slice(0, input.indexOf('='));
  const added = ['Signature-Input', input, 'Signature', `${label}=:${signature}:`];
  return { ...unsigned, headers: [...unsigned.headers, ...added] };
}

/** Whether a request passes reading and authentication with the HMAC key of this file. */
function accepts(signed: WireRequest, proof = hmacProof, use = rfc9421.schemes.hmac as SchemeUse): boolean {
  const claim = rfc9421.read(signed);
  return claim.ok && proves(use, proof, claim.prehash, claim.signature);
}

const TERMS = `;created=${created};nonce="n1";keyid="csk_test"`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');

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

function withHeaders(unsigned: WireRequest, added: Record<string, string>): WireRequest {
  return { ...unsigned, headers: [...unsigned.headers, ...Object.entries(added).flat()] };
}

describe('sign', () => {
  const context = { nowMs, nonce: 'n1' };

  it('covers method, target and digest', () => {
    const added = rfc9421.sign(request({ method: 'POST', body: Buffer.from('{}') }), hmacKey, context);
    expect(Object.keys(added)).toEqual(['Content-Digest', 'Signature-Input', 'Signature']);
    expect(added['Content-Digest']).toBe(`sha-256=:${sha256('{}')}:`);
    expect(added['Signature-Input']).toBe(`sig1=("@method" "@target-uri" "content-digest")${TERMS}`);
  });

  it.each(['ed25519', 'p256', 'rsa'] as const)('signs with %s what it verifies', (kind) => {
    const { publicKey, privateKey } =
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : kind === 'p256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('ed25519');
    const sign: SigningKey['sign'] = (use, prehash) => {
      const { hash, ...how } = SCHEMES[use.scheme] as { hash: string | null };
      return signBytes(hash, prehashBytes(prehash), { key: privateKey, ...how }).toString('base64');
    };
    const unsigned = request({ method: 'POST', body: Buffer.from('{}') });
    const signed = withHeaders(unsigned, rfc9421.sign(unsigned, { keyId: 'k', kind, sign }, context));
    const use = rfc9421.schemes[kind] as SchemeUse;
    expect(accepts(signed, { ...current, publicKey }, use)).toBe(true);
    expect(accepts({ ...signed, method: 'PUT' }, { ...current, publicKey }, use)).toBe(false);
  });

  it('covers a digest that is there already', () => {
    const digest = `sha-512=:${createHash('sha512').update('x').digest('base64')}:`;
    const unsigned = request({ headers: ['Host', 'a', 'Content-Digest', digest], body: Buffer.from('x') });
    const added = rfc9421.sign(unsigned, hmacKey, context);
    expect(Object.keys(added)).toEqual(['Signature-Input', 'Signature']);
    expect(accepts(withHeaders(unsigned, added))).toBe(true);
  });

  it.each<[string, Partial<WireRequest>, Partial<SigningKey>, string]>([
    ['without Host', { headers: [] }, {}, 'n'],
    ['with two digests', { headers: ['Host', 'a', 'Content-Digest', 'a', 'content-digest', 'b'] }, {}, 'n'],
    ['with a bearer token', {}, { kind: 'bearer' }, 'n'],
    ['without a nonce', {}, {}, ''],
    ['with a nonce that cannot be sent', {}, {}, 'n\n'],
    ['with an id that cannot be sent', {}, { keyId: '\u00e9' }, 'n'],
  ])('throws %s', (_, over, key, nonce) => {
    expect(() => rfc9421.sign(request(over), { ...hmacKey, ...key }, { nowMs, nonce })).toThrow(TypeError);
  });
});

const ascii = (maxLength: number) => fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength });
const unsignedRequest: fc.Arbitrary<WireRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  target: fc.stringMatching(
    /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]{0,20}(\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?]{0,20})?$/,
  ),
  headers: fc.domain().map((host) => ['Accept', '*/*', 'Host', host]),
  body: fc.uint8Array({ maxLength: 64 }),
  scheme: fc.constantFrom('http', 'https', undefined),
});
const signedRequest = fc
  .record({ unsigned: unsignedRequest, keyId: ascii(256), nonce: ascii(128), second: fc.nat({ max: 4e9 }) })
  .map(({ unsigned, keyId, nonce, second }) => {
    const added = rfc9421.sign(unsigned, { ...hmacKey, keyId }, { nowMs: second * 1000, nonce });
    return { signed: withHeaders(unsigned, added), keyId, nonce, second };
  });

/** Where a bit can be flipped: the name of each part that the signature covers, or that carries it. */
const COVERED = [
  'method',
  'target',
  'body',
  'host',
  'content-digest',
  'signature-input',
  'signature',
] as const;

function flip(signed: WireRequest, part: (typeof COVERED)[number], at: number): WireRequest | undefined {
  const flipText = (text: string) => {
    const bytes = Buffer.from(text, 'latin1');
    if (bytes.length === 0) return text;
    const byte = (at >> 3) % bytes.length;
    bytes[byte] = (bytes[byte] as number) ^ (1 << (at & 7));
    return bytes.toString('latin1');
  };
  if (part === 'method' || part === 'target') return { ...signed, [part]: flipText(signed[part]) };
  if (part === 'body') {
    const body = Buffer.from(flipText(Buffer.from(signed.body).toString('latin1')), 'latin1');
    return body.length === 0 ? undefined : { ...signed, body };
  }
  const index = signed.headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === part) + 1;
  if (index === 0) return undefined;
  const value = signed.headers[index] as string;
  const flipped = flipText(value);
  // A host is the same in either case, and signed in lower case.
  if (part === 'host' && flipped.toLowerCase() === value.toLowerCase()) return undefined;
  return { ...signed, headers: signed.headers.with(index, flipped) };
}

describe('properties', () => {
  it('verifies what it signs', () => {
    fc.assert(
      fc.property(signedRequest, ({ signed, keyId, nonce, second }) => {
        expect(accepts(signed)).toBe(true);
        expect(rfc9421.read(signed)).toMatchObject({ keyId, nonce, timestampMs: second * 1000 });
        expect(rfc9421.recognises(signed)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a request with one covered bit flipped', () => {
    fc.assert(
      fc.property(signedRequest, fc.constantFrom(...COVERED), fc.nat(), ({ signed }, part, at) => {
        const flipped = flip(signed, part, at);
        fc.pre(flipped !== undefined);
        expect(accepts(flipped)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses a body that was added, cut or extended', () => {
    fc.assert(
      fc.property(signedRequest, fc.uint8Array({ maxLength: 64 }), ({ signed }, body) => {
        fc.pre(Buffer.compare(body, signed.body) !== 0);
        expect(accepts({ ...signed, body })).toBe(false);
      }),
    );
  });

  it('never throws, on any bytes', () => {
    const name = fc.constantFrom('Signature', 'signature-input', 'Content-Digest', 'host', 'x', '');
    const fragment = fc.constantFrom(
      ...[
        'sig1=',
        '(',
        ')',
        '"@method"',
        '"@target-uri"',
        '"@query-param"',
        ';name="a"',
        ';',
        ' ',
        '"x"',
        ', ',
        '"',
      ],
      ...[
        ':aGk=:',
        'sha-256=',
        ';created=1',
        ';nonce="n"',
        ';keyid="k"',
        '\r\n ',
        '\u00e9',
        '\ud800',
        '"content-digest"',
      ],
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    const anyRequest = fc.record({
      method: fc.string({ unit: 'binary', maxLength: 10 }),
      target: fc.string({ unit: 'binary', maxLength: 30 }),
      headers: fc.array(fc.tuple(name, value), { maxLength: 6 }).map((pairs) => pairs.flat()),
      body: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(anyRequest, (any) => {
        expect(typeof rfc9421.read(any).ok).toBe('boolean');
        expect(typeof rfc9421.recognises(any)).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });

  it('builds a base or says why not, for any list', () => {
    const component = fc.constantFrom(
      ...[
        '"@method"',
        '"@path"',
        '"@query-param";name="a"',
        '"@authority"',
        '"@target-uri"',
        '"host"',
        '"x"',
        't',
        '1',
      ],
    );
    const target = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `/?a=${text}`);
    fc.assert(
      fc.property(
        fc.array(component, { maxLength: 6 }),
        target,
        fc.string({ unit: 'binary' }),
        (list, target, x) => {
          const base = signatureBase(
            request({ target, headers: ['x', x, 'Host', 'a'] }),
            listOf(`s=(${list.join(' ')})`),
          );
          if (typeof base === 'string') expect(base.split('\n')).toHaveLength(list.length + 1);
          else expect(base.code).toBe('malformed_request');
        },
      ),
      { numRuns: 1000 },
    );
  });
});
