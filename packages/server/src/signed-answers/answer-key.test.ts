import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newAnswerKeyPem, readAnswerKey } from './answer-key.ts';

describe('the id of a key', () => {
  it('is its thumbprint: that of RFC 8037 appendix A.3', () => {
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex').toString('base64');
    const pem = `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
    const id = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k';
    expect(readAnswerKey(pem, 'x').keyId).toBe(id);
    expect(readAnswerKey(pem.replaceAll('\n', '\\n'), 'x').keyId).toBe(id);
  });

  it.each([
    ['nothing', 'hello', /is no private key in PEM/],
    [
      'a public key',
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
      /no private/,
    ],
    [
      'of another kind',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      /type ec: it must be Ed25519/,
    ],
  ])('is none where the key is %s', (_, pem, message) => {
    expect(() => readAnswerKey(pem as string, 'COUNTERSIGN_ANSWER_KEY')).toThrow(message);
    try {
      readAnswerKey(pem as string, 'x');
    } catch (error) {
      expect((error as Error).message).not.toContain((pem as string).slice(-60, -30) || pem);
    }
  });

  it('is another one for another key', () => {
    const [a, b] = [newAnswerKeyPem(), newAnswerKeyPem()].map((pem) => readAnswerKey(pem, 'x').keyId);
    expect(a).not.toBe(b);
  });
});
