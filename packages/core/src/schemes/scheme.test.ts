import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aProof, keyRow } from '../../test/given.ts';
import type { CredentialKind } from '../credential/credential.ts';
import { sha256Hex } from './hmac.ts';
import { fits, proves, provesPassphrase, SCHEMES, type SchemeName, type SchemeUse } from './scheme.ts';

const PREHASH = ['1795500000000GET/a', Buffer.from('body')];
const BYTES = Buffer.from('1795500000000GET/abody');

const keys = {
  ed25519: generateKeyPairSync('ed25519'),
  x25519: generateKeyPairSync('x25519'),
  ed448: generateKeyPairSync('ed448'),
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  rsa1024: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  rsa2040: generateKeyPairSync('rsa', { modulusLength: 2040 }),
  rsa2048: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  rsaPss: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
};
type KeyName = keyof typeof keys;

describe('fits', () => {
  const KINDS: CredentialKind[] = ['hmac', 'ed25519', 'rsa', 'p256', 'bearer'];
  const good: Partial<Record<KeyName, CredentialKind>> = { ed25519: 'ed25519', p256: 'p256', rsa2048: 'rsa' };

  it.each(Object.keys(keys) as KeyName[])('%s fits its own kind only, and only the public half', (name) => {
    for (const kind of KINDS) {
      expect(fits(kind, keys[name].publicKey)).toBe(good[name] === kind);
      expect(fits(kind, keys[name].privateKey)).toBe(false);
    }
  });
});

/** Signs as the scheme says, whatever the key. */
function signWith(scheme: SchemeName, key: KeyObject): Buffer {
  switch (scheme) {
    case 'rsa-v1_5-sha256':
      return sign('sha256', BYTES, { key, padding: constants.RSA_PKCS1_PADDING });
    case 'rsa-pss-sha512':
      return sign('sha512', BYTES, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 });
    case 'ecdsa-p256-sha256':
      return sign('sha256', BYTES, { key, dsaEncoding: 'ieee-p1363' });
    case 'ed25519':
      return sign(null, BYTES, key);
    default:
      throw new TypeError('not asymmetric');
  }
}

const ASYMMETRIC: { scheme: SchemeName; key: KeyName }[] = [
  { scheme: 'rsa-v1_5-sha256', key: 'rsa2048' },
  { scheme: 'rsa-pss-sha512', key: 'rsa2048' },
  { scheme: 'ecdsa-p256-sha256', key: 'p256' },
  { scheme: 'ed25519', key: 'ed25519' },
];

describe.each(ASYMMETRIC)('$scheme', ({ scheme, key }) => {
  const use: SchemeUse = { scheme, encoding: 'base64' };
  const proof = aProof({ publicKey: keys[key].publicKey });
  const bytes = signWith(scheme, keys[key].privateKey);
  const signature = bytes.toString('base64');
  const holds = (text: string, over: Partial<SchemeUse> = {}) =>
    proves({ ...use, ...over }, proof, PREHASH, text);

  it('proves what the private key signed, in base64 or hex', () => {
    expect(holds(signature)).toBe(true);
    expect(holds(bytes.toString('hex'), { encoding: 'hex' })).toBe(true);
  });

  it('refuses another prehash, split or not', () => {
    expect(proves(use, proof, [BYTES], signature)).toBe(true);
    expect(proves(use, proof, [BYTES, ' '], signature)).toBe(false);
    expect(proves(use, proof, [], signature)).toBe(false);
  });

  it('refuses a signature with any bit flipped', () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 7) {
      const other = Buffer.from(bytes);
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(holds(other.toString('base64'))).toBe(false);
    }
  });

  it('refuses a signature of another length', () => {
    for (const other of [
      bytes.subarray(1),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.of(0)]),
      Buffer.concat([Buffer.of(0), bytes]),
      Buffer.alloc(0),
      Buffer.alloc(bytes.length),
    ]) {
      expect(holds(other.toString('base64'))).toBe(false);
    }
  });

  it('refuses every spelling but the canonical one', () => {
    const hex = bytes.toString('hex');
    expect(holds(hex.toUpperCase(), { encoding: 'hex' })).toBe(false);
    expect(holds(`${hex}0`, { encoding: 'hex' })).toBe(false);
    expect(holds(`0x${hex}`, { encoding: 'hex' })).toBe(false);
    expect(holds(hex)).toBe(false);
    expect(holds(signature, { encoding: 'hex' })).toBe(false);
    const unpadded = signature.replace(/=+$/, '');
    const other = [
      ` ${signature}`,
      `${signature}\n`,
      `${signature.slice(0, 40)}\n${signature.slice(40)}`,
      `${unpadded}${signature === unpadded ? '=' : ''}`,
      `${signature}====`,
      `${signature}A`,
      `${signature}*`,
      '',
      '=',
    ];
    for (const text of other) expect(holds(text)).toBe(false);
    // Spare bits after the last byte: another text, the same bytes.
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = letters.indexOf(unpadded.at(-1) as string);
    const spare = unpadded.slice(0, -1) + letters[last ^ 1] + signature.slice(unpadded.length);
    if (unpadded !== signature) expect(Buffer.from(spare, 'base64')).toEqual(bytes);
    expect(holds(spare)).toBe(false);
  });

  it('refuses the keys of other kinds, even for a signature that they made', () => {
    for (const name of Object.keys(keys) as KeyName[]) {
      if (name === key) continue;
      const other = aProof({ publicKey: keys[name].publicKey });
      expect(proves(use, other, PREHASH, signature)).toBe(false);
      let own: Buffer;
      try {
        own = signWith(scheme, keys[name].privateKey);
      } catch {
        continue; // This key cannot sign so.
      }
      expect(proves(use, other, PREHASH, own.toString('base64'))).toBe(false);
    }
  });

  it('refuses a proof without a public key, and an HMAC keyed with the public key', () => {
    expect(proves(use, aProof({ key: keyRow() }), PREHASH, signature)).toBe(false);
    expect(proves(use, aProof({ tokenHash: sha256Hex(signature) }), PREHASH, signature)).toBe(false);
    const pem = keys[key].publicKey.export({ type: 'spki', format: 'pem' });
    expect(holds(createHmac('sha256', pem).update(BYTES).digest('base64'))).toBe(false);
  });

  it('never throws, on any signature', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300, size: 'max' }),
        fc.string({ unit: 'binary' }),
        (other, text) => {
          expect(holds(Buffer.from(other).toString('base64'))).toBe(false);
          expect(holds(text)).toBe(false);
          expect(holds(text, { encoding: 'hex' })).toBe(false);
        },
      ),
    );
    expect(holds('A'.repeat(4_000_000))).toBe(false);
  });
});

it('refuses an ECDSA signature in DER, and r and s of zero', () => {
  const use: SchemeUse = { scheme: 'ecdsa-p256-sha256', encoding: 'base64' };
  const proof = aProof({ publicKey: keys.p256.publicKey });
  const der = sign('sha256', BYTES, { key: keys.p256.privateKey, dsaEncoding: 'der' }).toString('base64');
  expect(proves(use, proof, PREHASH, der)).toBe(false);
  expect(proves(use, proof, PREHASH, Buffer.alloc(64).toString('base64'))).toBe(false);
  expect(proves(use, proof, PREHASH, Buffer.alloc(64, 0xff).toString('base64'))).toBe(false);
});

it.each([0, 20, 32])('refuses an RSASSA-PSS signature with a salt of %i bytes', (saltLength) => {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const signature = sign('sha512', BYTES, { key: keys.rsa2048.privateKey, padding, saltLength }).toString(
    'base64',
  );
  const proof = aProof({ publicKey: keys.rsa2048.publicKey });
  expect(proves({ scheme: 'rsa-pss-sha512', encoding: 'base64' }, proof, PREHASH, signature)).toBe(false);
});

describe.each(['sha256', 'sha384', 'sha512'] as const)('hmac-%s', (hash) => {
  const scheme = `hmac-${hash}` as SchemeName;
  const mac = (encoding: 'base64' | 'hex', secret = 's') =>
    createHmac(hash, secret).update(BYTES).digest(encoding);
  const proof = aProof({ key: keyRow('s') });

  it('proves its one spelling only', () => {
    expect(proves({ scheme, encoding: 'base64' }, proof, PREHASH, mac('base64'))).toBe(true);
    expect(proves({ scheme, encoding: 'hex' }, proof, PREHASH, mac('hex'))).toBe(true);
    expect(proves({ scheme, encoding: 'hex' }, proof, PREHASH, mac('hex').toUpperCase())).toBe(false);
    expect(proves({ scheme, encoding: 'hex' }, proof, PREHASH, mac('base64'))).toBe(false);
    expect(proves({ scheme, encoding: 'base64' }, proof, PREHASH, mac('hex'))).toBe(false);
    expect(proves({ scheme, encoding: 'hex' }, proof, PREHASH, '')).toBe(false);
    for (let length = 1; length < mac('hex').length; length++) {
      expect(proves({ scheme, encoding: 'hex' }, proof, PREHASH, mac('hex').slice(0, length))).toBe(false);
    }
  });

  it('never proves with an empty key, nor without one', () => {
    const empty = aProof({ key: keyRow('', 'passphrase') });
    expect(proves({ scheme, encoding: 'hex' }, empty, PREHASH, mac('hex', ''))).toBe(false);
    expect(proves({ scheme, encoding: 'hex' }, aProof(), PREHASH, mac('hex', ''))).toBe(false);
    const publicOnly = aProof({ publicKey: keys.rsa2048.publicKey });
    expect(proves({ scheme, encoding: 'hex' }, publicOnly, PREHASH, mac('hex', ''))).toBe(false);
  });
});

describe('token', () => {
  const use: SchemeUse = { scheme: 'token', encoding: 'hex' };
  const proof = aProof({ tokenHash: sha256Hex('the token') });

  it('proves the token whose hash is kept, and not the hash', () => {
    expect(proves(use, proof, [], 'the token')).toBe(true);
    expect(proves(use, proof, [], 'the tokem')).toBe(false);
    expect(proves(use, proof, [], '')).toBe(false);
    expect(proves(use, proof, [], sha256Hex('the token'))).toBe(false);
    expect(proves(use, aProof({ key: keyRow('the token') }), [], 'the token')).toBe(false);
  });
});

describe('provesPassphrase', () => {
  const proof = aProof({ key: keyRow('the secret', 'Pässphrase') });
  const signed = (passphrase: string, secret = 'the secret') =>
    createHmac('sha256', secret).update(passphrase).digest('base64');

  it('takes the passphrase as it is, or as base64 of its HMAC under the secret, as it is told', () => {
    expect(provesPassphrase(proof, 'Pässphrase', false)).toBe(true);
    expect(provesPassphrase(proof, signed('Pässphrase'), true)).toBe(true);
    expect(provesPassphrase(proof, signed('Pässphrase'), false)).toBe(false);
    expect(provesPassphrase(proof, 'Pässphrase', true)).toBe(false);
  });

  it.each([
    ['another passphrase', signed('Passphrase')],
    ['another secret', signed('Pässphrase', 'the Secret')],
    ['hex', createHmac('sha256', 'the secret').update('Pässphrase').digest('hex')],
    ['no padding', signed('Pässphrase').replace('=', '')],
    ['the HMAC of nothing', signed('')],
    ['nothing', ''],
  ])('refuses a signed passphrase with %s', (_, presented) =>
    expect(provesPassphrase(proof, presented, true)).toBe(false),
  );

  it('has none that fits a credential without one', () => {
    for (const none of [aProof(), aProof({ key: keyRow('the secret', '') })])
      for (const presented of ['', signed('')])
        for (const isSigned of [true, false]) expect(provesPassphrase(none, presented, isSigned)).toBe(false);
  });
});

it('every scheme has a row, and its kind', () => {
  expect(Object.entries(SCHEMES).map(([name, { kind }]) => `${name}: ${kind}`)).toEqual([
    'hmac-sha256: hmac',
    'hmac-sha384: hmac',
    'hmac-sha512: hmac',
    'rsa-v1_5-sha256: rsa',
    'rsa-pss-sha512: rsa',
    'ed25519: ed25519',
    'ecdsa-p256-sha256: p256',
    'ecdsa-secp256k1-keccak256: secp256k1',
    'token: bearer',
  ]);
});
