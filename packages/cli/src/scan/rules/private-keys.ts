import { assignmentPattern, assignments } from './assignment.ts';
import { isPlaceholder } from './placeholder.ts';
import type { Hit, SecretRule } from './secret-rule.ts';

const BEGIN = /-----BEGIN ((?:[A-Z]{2,12} ){0,2})PRIVATE KEY-----/g;
const LONGEST_PEM = 16_384;
/** `-----BEGIN` and more in base64, at the beginning of a run. */
const ENCODED = /LS0tLS1CRUdJT[A-Za-z0-9+/=_-]{80,24000}/g;
/** Names of keys that are a number on a curve. */
const CURVE_WORDS = 'private_?key|privkey|priv_?key|wallet_?key|agent_?key|signer_?key|eth_?key|evm_?key|_pk';
const hexPattern = assignmentPattern(CURVE_WORDS, '((?:0x)?[0-9a-f]{64})');
/** The order of secp256k1: a private key is below it. P-256's is of the same size, and not compared. */
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';

/**
 * Finds private keys in PEM, over lines or in one with escapes, and in base64. The body must begin as DER or as
 * OpenSSH does: a program that only names the header holds no key.
 */
export const privateKeys: SecretRule = {
  id: 'private-key',
  level: 'error',
  description: 'A private key in PEM, also with escaped line ends or in base64, or as JSON Web Key.',
  *find({ text }) {
    yield* inPem(text);
    for (const match of text.matchAll(ENCODED)) {
      const decoded = Buffer.from(match[0], 'base64').toString('latin1');
      const [first] = inPem(decoded);
      if (first === undefined) continue;
      const end = match.index + match[0].length;
      yield { start: match.index, end, detail: `${first.detail}, in base64`, secret: first.secret as string };
    }
    yield* inJwk(text);
  },
};

/** Finds private keys of secp256k1 and P-256 in hexadecimal: only a name tells them from a hash. */
export const curveKeys: SecretRule = {
  id: 'curve-private-key',
  level: 'error',
  description: 'A private key of an elliptic curve in hexadecimal, near the name of a variable that says so.',
  *find({ text }) {
    for (const { value, start, end } of assignments(text, hexPattern)) {
      const digits = value.toLowerCase().replace(/^0x/, '');
      if (digits >= ORDER || isPlaceholder(digits)) continue;
      yield { start, end, secret: digits, detail: 'private key of an elliptic curve, in hexadecimal' };
    }
  },
};

function* inPem(text: string): Iterable<Hit> {
  for (const match of text.matchAll(BEGIN)) {
    const bodyAt = match.index + match[0].length;
    const rest = text.slice(bodyAt, bodyAt + LONGEST_PEM);
    // The end, or the next beginning: nothing is looked through twice.
    const close = rest.indexOf('-----');
    const body = base64Body(close < 0 ? rest : rest.slice(0, close));
    if (!isKeyBody(body)) continue;
    const end = close < 0 ? bodyAt : bodyAt + close;
    const isSealed =
      /ENCRYPTED/.test(match[1] as string) || /Proc-Type: ?4,ENCRYPTED/.test(rest.slice(0, 120));
    const kind = (match[1] as string).trim().toLowerCase();
    yield {
      start: match.index,
      end,
      secret: body,
      detail: `${isSealed ? 'encrypted ' : ''}private key in PEM${kind === '' ? '' : ` (${kind})`}`,
      ...(isSealed ? { level: 'warning' as const } : {}),
    };
  }
}

/** The base64 of a body: without headers, white space, escapes of line ends, quotes and plus signs between literals. */
function base64Body(text: string): string {
  return text
    .replaceAll(/\\{1,4}[nrt]|\\\r?\n/g, '\n')
    .replaceAll(/["'`][ \t\r\n]{0,64}[+.,]?[ \t\r\n]{0,64}["'`]/g, '\n')
    .replaceAll(/^[ \t]{0,16}[A-Za-z][A-Za-z-]{0,30}:.{0,200}$/gm, '')
    .replaceAll(/[^A-Za-z0-9+/=]/g, '');
}

function isKeyBody(body: string): boolean {
  if (body.length < 60 || /([A-Za-z0-9])\1{15}/.test(body.replaceAll('A', ''))) return false;
  const bytes = Buffer.from(body, 'base64');
  if (bytes.toString('latin1', 0, 14) === 'openssh-key-v1') return true;
  // A SEQUENCE whose length is that of what follows (some lines end in padding).
  if (bytes[0] !== 0x30) return false;
  const first = bytes[1] ?? 0;
  const width = first < 0x80 ? 0 : first & 0x7f;
  if (width > 3) return false;
  const length = width === 0 ? first : bytes.readUIntBE(2, width);
  return Math.abs(bytes.length - (2 + width + length)) <= 3;
}

function* inJwk(text: string): Iterable<Hit> {
  for (const match of text.matchAll(/\\?"d\\?"[ \t]{0,4}:[ \t]{0,4}\\?"([A-Za-z0-9_-]{43,1400})\\?"/g)) {
    const around = text.slice(Math.max(0, match.index - 1_500), match.index + match[0].length + 1_500);
    if (!/\\?"kty\\?"[ \t]{0,4}:/.test(around) || isPlaceholder(match[1] as string)) continue;
    const start = match.index + match[0].indexOf(match[1] as string);
    yield { start, end: start + (match[1] as string).length, detail: 'private key as JSON Web Key' };
  }
}
