import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest-file.ts';

const ACME = `version: 1
dialects: [acme, okx]
permissions: {}
routes: []
ownDialects:
  acme:
    headers:
      key: X-Acme-Key
      signature: X-Acme-Sign
      timestamp: X-Acme-Time
      passphrase: X-Acme-Pass
      nonce: X-Acme-Nonce
    timestamp: { unit: ms, pastSeconds: 30, futureSeconds: 5 }
    prehash: [timestamp, "\\n", nonce, "\\n", method, path, "\\n", { header: X-Sub }, "\\n", { text: v1 }, body]
    uncovered: [query]
    schemes:
      hmac: { scheme: hmac-sha384, encoding: hex, secret: base64 }
      ed25519: { scheme: ed25519, encoding: base64 }
      rsa: { scheme: rsa-pss-sha512, encoding: base64 }
      p256: { scheme: ecdsa-p256-sha256, encoding: base64url }
    refusal:
      status: 400
      codes: { signature_mismatch: 40009, rate_limited: SLOW }
      body: { code: '{code}', msg: '{message}', at: '{timestamp}', id: ['{requestId}', 1, true, null] }
`;

function faultsIn(text: string): string[] {
  const parsed = parseManifest(text);
  return parsed.ok ? [] : parsed.faults.map(({ line, message }) => `${line}: ${message}`);
}

describe('a dialect of an operator', () => {
  it('is read whole', () => {
    const parsed = parseManifest(ACME);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    const { dialects, ownDialects } = parsed.manifest;
    expect(dialects).toEqual(['acme', 'okx']);
    expect(ownDialects).toMatchObject([
      {
        name: 'acme',
        hasPassphrase: true,
        securityHeaders: ['x-acme-key', 'x-acme-sign', 'x-acme-time', 'x-acme-pass', 'x-acme-nonce'],
        window: { pastMs: 30_000, futureMs: 5_000 },
        timestampUnit: 'ms',
        replay: { kind: 'nonce' },
        uncovered: ['query', 'host'],
        schemes: {
          hmac: { scheme: 'hmac-sha384', encoding: 'hex', key: 'base64' },
          ed25519: { scheme: 'ed25519', encoding: 'base64' },
          rsa: { scheme: 'rsa-pss-sha512', encoding: 'base64' },
          p256: { scheme: 'ecdsa-p256-sha256', encoding: 'base64url' },
        },
      },
    ]);
    const [acme] = ownDialects;
    const { status, body } = acme!.refuse(
      { ok: false, code: 'signature_mismatch', detail: 'secret detail' },
      { nowMs: 7, requestId: 'r' },
    );
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      code: 40009,
      msg: 'The signature does not match the request',
      at: 7,
      id: ['r', 1, true, null],
    });
  });

  it('need not be', () => {
    const parsed = parseManifest('version: 1\npermissions: {}\nroutes: []\n');
    expect(parsed).toMatchObject({ ok: true, manifest: { ownDialects: [] } });
  });

  it('shows all its faults at once, each with its line', () => {
    const text = `version: 1
permissions: {}
routes: []
ownDialects:
  okx:
    headers:
      key: X Key
      signature: Connection
      timestamp: X-Forwarded-Time
      passphrase: Content-Type
      nonce: Content-type
      other: X-Other
    timestamp:
      unit: minutes
      pastSeconds: 0
      futureSeconds: 901
    prehash:
      - methd
      - 7
      - { text: "" }
      - { text: é }
      - { header: a, text: b }
      - { header: Host }
      - { header: Content-Type }
    uncovered:
      - colour
      - query
      - query
      - body
    schemes:
      hmac: { scheme: hmac-md5, encoding: base32, secret: hex }
      rsa: { scheme: rsa-v1_5-sha256, encoding: base64, secret: utf8 }
      bearer: { scheme: token, encoding: hex }
    refusal:
      status: 302
      codes:
        no_such: 1
        credential_revoked: 2
        rate_limited: [3]
      body:
        code: "{kode}"
        deep: [[[[[[[[1]]]]]]]]
        many: .inf
    colour: red
  Acme: {}
`;
    expect(faultsIn(text)).toEqual([
      '5: "okx" is a dialect of Countersign already: take another name',
      '7: "X Key" is no name of a header (letters, digits and "-")',
      '8: "Connection" is a header of one connection only: a proxy on the way drops it',
      '9: "X-Forwarded-Time" is written anew on the way',
      '10: "Content-Type" has a meaning of its own, and would not reach the upstream',
      '11: "Content-type" has a meaning of its own, and would not reach the upstream',
      '12: there is no field "other" here, only key, signature, timestamp, passphrase, nonce',
      expect.stringMatching(/^14: "unit" must be one of ms, seconds, iso$/),
      '15: "pastSeconds" must be a whole number from 1 to 900',
      '16: "futureSeconds" must be a whole number from 1 to 900',
      expect.stringMatching(/^17: "timestamp" must be in the prehash/),
      expect.stringMatching(/^17: "nonce" must be in the prehash/),
      expect.stringMatching(/^17: the method is not in the prehash/),
      expect.stringMatching(/^17: the path is not in the prehash/),
      expect.stringMatching(/^18: there is no part "methd", only timestamp, .*\{ text: … \}$/),
      '19: "ownDialects.okx.prehash.1" must be a mapping',
      '19: a part is a word, or has either a "header" or a "text"',
      '20: a text is 1 to 64 characters of ASCII',
      '21: a text is 1 to 64 characters of ASCII',
      '22: a part is a word, or has either a "header" or a "text"',
      '23: the host is the part "host"',
      '26: "colour" is not one of method, path, query, body',
      '28: "query" is listed twice',
      '31: "scheme" must be one of hmac-sha256, hmac-sha384, hmac-sha512',
      '31: "encoding" must be one of base64, base64url, hex',
      '31: "secret" must be one of utf8, base64',
      '32: there is no field "secret" here, only scheme, encoding',
      '33: there is no field "bearer" here, only hmac, ed25519, rsa, p256',
      '35: "status" must be 200, or from 400 to 599',
      '37: there is no denial "no_such"',
      '38: is answered as "credential_unknown", so that nobody can tell',
      '39: a code is a whole number, or 1 to 64 characters of ASCII',
      '41: there is no {kode}, only {code}, {message}, {requestId}, {timestamp}',
      '42: "body" is nested more than 8 levels deep',
      '43: JSON has no such number',
      '44: there is no field "colour" here, only headers, timestamp, prehash, schemes, uncovered, refusal',
      '45: "Acme" is no name of a dialect (a-z, 0-9 and "-")',
      '45: "ownDialects.Acme.headers" must be a mapping',
      '45: "headers" must name the one that carries the key',
      '45: "headers" must name the one that carries the signature',
      '45: "headers" must name the one that carries the timestamp',
      '45: "ownDialects.Acme.timestamp" must be a mapping',
      '45: "unit" must be one of ms, seconds, iso',
      '45: "pastSeconds" must be a whole number from 1 to 900',
      '45: "futureSeconds" must be a whole number from 1 to 900',
      '45: "ownDialects.Acme.prehash" must be a list',
      '45: "ownDialects.Acme.schemes" must be a mapping',
      '45: "schemes" must name at least one kind of key',
    ]);
  });
});

/** The good manifest with something else in place of something. */
const but = (what: string, other: string) => {
  if (!ACME.includes(what)) throw new Error(`the manifest has no ${what}`);
  return faultsIn(ACME.replace(what, other));
};
const prehash = /prehash: .*/.exec(ACME)?.[0] as string;
const withPrehash = (parts: string, uncovered = '') =>
  faultsIn(
    ACME.replace(prehash, `prehash: [${parts}]`).replace('uncovered: [query]', `uncovered: [${uncovered}]`),
  );

describe('an unsafe prehash', () => {
  const COVERED = 'timestamp, "\\n", nonce, "\\n", method, target, "\\n", body';

  it('is none of these', () => {
    expect(withPrehash(COVERED)).toEqual([]);
    expect(withPrehash('timestamp, "\\n", nonce, "\\n", method, target, json-body')).toEqual([]);
  });

  it.each([
    ['timestamp', 'nonce, "\\n", method, target, "\\n", body', '"timestamp" must be in the prehash'],
    ['nonce', 'timestamp, method, target, "\\n", body', '"nonce" must be in the prehash'],
    ['method', 'timestamp, "\\n", nonce, "\\n", target, "\\n", body', 'the method is not in the prehash'],
    ['query', 'timestamp, "\\n", nonce, "\\n", method, path, "\\n", body', 'the query is not in the prehash'],
    [
      'path',
      'timestamp, "\\n", nonce, "\\n", method, "\\n", query, "\\n", body',
      'the path is not in the prehash',
    ],
    ['body', 'timestamp, "\\n", nonce, "\\n", method, target', 'the body is not in the prehash'],
  ])('lacks the %s', (_, parts, message) => {
    expect(withPrehash(parts)).toEqual([expect.stringMatching(`^14: ${message}`)]);
  });

  it('may lack what the operator lists as left open, and nothing else may be listed', () => {
    expect(withPrehash('timestamp, "\\n", nonce, "\\n", method, target', 'body')).toEqual([]);
    expect(withPrehash('timestamp, "\\n", nonce', 'method, path, query, body')).toEqual([]);
    expect(withPrehash(COVERED, 'body, path')).toEqual([
      '15: the prehash covers the body',
      '15: the prehash covers the path',
    ]);
    expect(withPrehash(COVERED, 'host')).toEqual(['15: "host" is not one of method, path, query, body']);
  });

  it.each([
    ['timestamp, nonce, "\\n", method, target, "\\n", body', 'timestamp', 'nonce'],
    ['timestamp, "\\n", nonce, "\\n", method, target, body', 'target', 'body'],
    ['timestamp, "\\n", nonce, "\\n", method, path, "&", query, "\\n", body', 'path', 'the text "&"'],
    ['timestamp, "\\n", nonce, "\\n", key, method, target, "\\n", body', 'key', 'method'],
    [
      'timestamp, "\\n", nonce, "\\n", method, target, { header: X-Sub }, "\\n", body',
      'target',
      'the header "x-sub"',
    ],
  ])('has a border that can be moved: %s', (parts, first, second) => {
    const quoted = (name: string) => (name.includes('"') ? name : `"${name}"`);
    expect(withPrehash(parts)).toEqual([
      expect.stringContaining(`nothing shows where ${quoted(first)} ends and ${quoted(second)} begins`),
    ]);
  });

  it('is empty, or endless', () => {
    expect(withPrehash('')).toEqual(['14: "prehash" must have 1 to 40 parts']);
    expect(withPrehash(`${COVERED}${', ""'.repeat(40)}`)).toContain('14: "prehash" must have 1 to 40 parts');
  });

  it('has a nonce that no header brings', () => {
    expect(but('      nonce: X-Acme-Nonce\n', '')).toContain(
      '13: the prehash has a "nonce", for which "headers" has no name',
    );
  });
});

describe('headers', () => {
  it.each([
    ['nonce: X-Acme-Nonce', 'nonce: x-acme-KEY', '12: "x-acme-KEY" carries the key already'],
    ['key: X-Acme-Key', 'key: OK-ACCESS-KEY', '8: "OK-ACCESS-KEY" is a header of the dialect okx too'],
    [
      'timestamp: X-Acme-Time',
      'timestamp: ok-access-timestamp',
      '10: "ok-access-timestamp" is a header of the dialect okx',
    ],
    ['key: X-Acme-Key', 'key: X_Acme_Key', '8: "X_Acme_Key" is no name of a header'],
    ['key: X-Acme-Key', 'key: 7', '8: 7 is no name of a header'],
    [
      'key: X-Acme-Key',
      'key: Transfer-Encoding',
      '8: "Transfer-Encoding" is a header of one connection only',
    ],
    ['key: X-Acme-Key', 'key: X-Countersign-Key', '8: "X-Countersign-Key" is written anew on the way'],
  ])('may not be: %s → %s', (what, other, fault) => {
    expect(but(what, other)).toEqual([expect.stringContaining(fault)]);
  });

  it('may be those of a dialect that is not accepted here', () => {
    expect(but('key: X-Acme-Key', 'key: ACCESS-KEY')).toEqual([]);
    expect(but('dialects: [acme, okx]\n', '')).toEqual([]);
    const all = ACME.replace('key: X-Acme-Key', 'key: ACCESS-KEY').replace('dialects: [acme, okx]\n', '');
    expect(faultsIn(all)).toEqual([
      expect.stringContaining('"ACCESS-KEY" is a header of the dialect bitget too'),
    ]);
  });

  it('are not those of another one of the operator', () => {
    const twin = ACME.slice(ACME.indexOf('  acme:')).replace('acme:', 'twin:');
    const other = twin.replaceAll('X-Acme-', 'X-Twin-').replace('X-Twin-Time', 'X-Acme-Time');
    const both = ACME.replace('[acme, okx]', '[acme, okx, twin]') + other;
    expect(faultsIn(both)).toEqual([
      expect.stringContaining('"X-Acme-Time" is a header of the dialect acme too'),
    ]);
  });
});

it('p256 needs a nonce', () => {
  const faults = faultsIn(
    ACME.replace('      nonce: X-Acme-Nonce\n', '').replace('nonce, "\\n", method', 'method'),
  );
  expect(faults).toEqual([expect.stringMatching(/^19: anyone can turn one ECDSA signature into a second/)]);
});

it('a refusal has a body', () => {
  expect(but(/body: \{ code.*/.exec(ACME)?.[0] as string, '')).toEqual([
    '21: "ownDialects.acme.refusal.body" must be a mapping',
  ]);
});

it('the name of a dialect with faults is known all the same', () => {
  expect(but('unit: ms', 'unit: hours')).toHaveLength(1);
  expect(but('[acme, okx]', '[acme, okx, other]')).toEqual([
    expect.stringMatching(/^2: "other" is not one of .*okx.*, acme$/),
  ]);
});

it('no name of the prototype slips in', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    if (name !== 'constructor')
      expect(but('  acme:', `  ${name}:`).join()).toContain('is no name of a dialect');
    expect(but('      key: X-Acme-Key', `      ${name}: X-Acme-Key`).join()).toContain(`no field "${name}"`);
    expect(but('codes: { ', `codes: { ${name}: 1, `).join()).toContain(`there is no denial "${name}"`);
  }
});
