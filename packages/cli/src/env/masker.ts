import { Transform, type TransformCallback } from 'node:stream';

/** Shorter values would be found in innocent words. */
export const MIN_MASKED_LENGTH = 6;
/** A line of a PEM that is shorter than this is its frame. */
const MIN_LINE_LENGTH = 20;

interface Pattern {
  readonly text: string;
  readonly shown: string;
}

/**
 * Makes a stream that keeps the values of secrets out of what passes through: each is replaced by `[masked NAME]`, also
 * where it is cut into chunks, percent-encoded, escaped as in JSON, in base64, or line by line.
 *
 * It finds a value as a whole only. A program that prints a part of it, or turns it round, is not kept from it.
 */
export function createMasker(secrets: ReadonlyMap<string, string>): Transform {
  const patterns = patternsOf(secrets);
  let held = '';

  /** How much of the end might be the beginning of a secret whose rest is still to come. */
  function doubtful(text: string): number {
    for (let length = Math.min(text.length, longest(patterns) - 1); length > 0; length--) {
      const end = text.slice(-length);
      if (patterns.some(({ text: secret }) => secret.length > length && secret.startsWith(end)))
        return length;
    }
    return 0;
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      // One character a byte, so that nothing is lost where a chunk cuts a character.
      const text = masked(held + chunk.toString('latin1'), patterns);
      const keep = doubtful(text);
      held = text.slice(text.length - keep);
      done(null, Buffer.from(text.slice(0, text.length - keep), 'latin1'));
    },
    flush(done: TransformCallback) {
      done(null, Buffer.from(held, 'latin1'));
    },
  });
}

function masked(text: string, patterns: readonly Pattern[]): string {
  let result = text;
  for (const { text: secret, shown } of patterns) result = result.replaceAll(secret, shown);
  return result;
}

/** Everything to be looked for, the longest first, so that no part of a longer one is taken away before it. */
function patternsOf(secrets: ReadonlyMap<string, string>): Pattern[] {
  const patterns = new Map<string, string>();
  for (const [name, value] of secrets) {
    if (value.length < MIN_MASKED_LENGTH) continue;
    for (const form of formsOf(value))
      patterns.set(Buffer.from(form, 'utf8').toString('latin1'), `[masked ${name}]`);
  }
  return [...patterns]
    .map(([text, shown]) => ({ text, shown }))
    .sort((a, b) => b.text.length - a.text.length);
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const lines = value
    .split('\n')
    .filter((line) => line.length >= MIN_LINE_LENGTH && !line.startsWith('-----'));
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    ...lines,
  ];
}

function longest(patterns: readonly Pattern[]): number {
  return patterns[0]?.text.length ?? 0;
}
