import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker } from '../src/env/masker.ts';

async function masked(
  secrets: Record<string, string>,
  ...chunks: readonly (string | Buffer)[]
): Promise<string> {
  const masker = createMasker(new Map(Object.entries(secrets)));
  for (const chunk of chunks) masker.write(chunk);
  masker.end();
  return text(masker);
}

/** Every way to cut a text in two. */
const cuts = (whole: string) => {
  const bytes = Buffer.from(whole);
  return Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)] as const);
};

describe('a masker', () => {
  it('takes the longer of two values, wherever the text is cut', async () => {
    const secrets = { SHORT: 'abcdef', LONG: 'abcdefghij' };
    for (const pieces of cuts('x abcdefghij y'))
      expect(await masked(secrets, ...pieces)).toBe('x [masked LONG] y');
    for (const pieces of cuts('x abcdefghi y'))
      expect(await masked(secrets, ...pieces)).toBe('x [masked SHORT]ghi y');
  });

  it('shows no part of values that overlap', async () => {
    for (const pieces of cuts('x abcdefghijklmn y'))
      expect(await masked({ A: 'abcdefgh', B: 'efghijklmn' }, ...pieces)).toBe('x [masked A][masked B] y');
  });

  it('does not look for values in what it has written itself', async () => {
    expect(await masked({ A: 'masked', B: 'secret123' }, 'secret123')).toBe('[masked B]');
  });

  it.each([0, 1, 2, 3, 4])(
    'finds a value in the base64 of a longer text, behind %s characters',
    async (before) => {
      const value = 'correct-horse';
      const whole = Buffer.from(`${'u'.repeat(before)}${value}~more`);
      for (const encoding of ['base64', 'base64url'] as const)
        expect(await masked({ A: value }, whole.toString(encoding))).toContain('[masked A]');
    },
  );

  it.each(['sup%2Ber%2Fsec%3Dret%20!', 'sup%2ber%2fsec%3dret%20!', 'sup%2Ber%2Fsec%3Dret+%21'])(
    'finds a value that is percent-encoded as %s',
    async (encoded) => expect(await masked({ A: 'sup+er/sec=ret !' }, encoded)).toBe('[masked A]'),
  );

  it('finds the lines of a value with line ends of another kind', async () => {
    const lines = ['a line that is long enough', 'another line that is long enough'];
    expect(await masked({ A: lines.join('\r\n') }, lines.join('\n'))).toBe('[masked A]\n[masked A]');
  });

  it('lets no value through, and all the rest, however it is cut', async () => {
    const secrets = { A: 'aabaab', B: 'abaabb', C: 'aabaabaab', D: 'ääääää' };
    const part = fc.constantFrom('a', 'b', 'ä', 'c', ...Object.values(secrets));
    const pieces = fc.array(fc.array(part).map((parts) => parts.join('')));
    await fc.assert(
      fc.asyncProperty(pieces, async (chunks) => {
        const out = await masked(secrets, ...chunks);
        for (const value of Object.values(secrets)) expect(out).not.toContain(value);
        expect(out).toBe(await masked(secrets, chunks.join('')));
        expect(out.split('c')).toHaveLength(chunks.join('').split('c').length);
      }),
    );
  });
});
