import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import b2 from '../../../../vectors/rfc9421-b2.json' with { type: 'json' };
import { current, listOf, refusal, request, slab } from '../../test/rfc9421.ts';
import type { Proof } from '../credential/credential.ts';
import type { WireRequest } from '../message.ts';
import { proves, type SchemeName, type SchemeUse } from '../schemes/scheme.ts';
import { rfc9421 } from './rfc9421.ts';
import { signatureBase } from './signature-base.ts';

describe('RFC 9421 Appendix B.2', () => {
  const { headers, ...line } = b2.messages['test-request'];
  const testRequest = request({ ...line, headers: headers.flat(), body: Buffer.from(line.body) });
  const { status, body, ...answer } = b2.messages['test-response'];
  const response = { status, headers: answer.headers.flat(), body: Buffer.from(body) };

  function proofFor(name: string): Proof {
    const key: { base64?: string; publicKeyPem?: string } = b2.keys[name as keyof typeof b2.keys];
    return key.base64 === undefined
      ? { ...current, publicKey: createPublicKey(key.publicKeyPem as string) }
      : { ...current, key: slab.store(Buffer.from(key.base64, 'base64')) };
  }

  it.each(b2.cases)('$section $name', ({ message, algorithm, key, ...vector }) => {
    const use: SchemeUse = { scheme: algorithm as SchemeName, encoding: 'base64' };
    const signature = vector.signature.slice(vector.signature.indexOf(':') + 1, -1);
    const proof = proofFor(key);
    const signed = message === 'test-request' ? testRequest : { request: testRequest, response };
    expect(signatureBase(signed, listOf(vector.signatureInput))).toBe(vector.signatureBase);
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

  it('takes components of an answer, and with req of its request (section 2.4)', () => {
    const exchange = {
      request: request({ method: 'POST', target: '/?a=1', headers: ['Host', 'a.example', 'X', 'asked'] }),
      response: { status: 404, headers: ['X', 'answered'], body: Buffer.alloc(0) },
    };
    const of = (components: string) => signatureBase(exchange, listOf(`s=(${components})`));
    const all = '"@status" "x" "x";req "@method";req "@target-uri";req "@query-param";name="a";req';
    expect((of(all) as string).split('\n').slice(0, -1)).toEqual([
      '"@status": 404',
      '"x": answered',
      '"x";req: asked',
      '"@method";req: POST',
      '"@target-uri";req: https://a.example/?a=1',
      '"@query-param";name="a";req: 1',
    ]);
    for (const [components, expected] of [
      ['"@method"', 'not a component of a response'],
      ['"@status";req', 'not a component of a request'],
      ['"x";req=?0', 'req is not supported'],
      ['"x";req="1"', 'req is not supported'],
      ['"x";name="a"', 'name is not supported'],
      ['"host"', 'no such header'],
      ['"x";req "x";req', 'twice'],
    ] as const) {
      expect(refusal(of(components)).detail).toContain(expected);
    }
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
