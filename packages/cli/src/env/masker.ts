import { Transform, type TransformCallback } from 'node:stream';

/** Shorter values would be found in innocent words. */
export const MIN_MASKED_LENGTH = 6;
/** A line of a PEM that is shorter than this is its frame. */
const MIN_LINE_LENGTH = 20;

interface Pattern {
  readonly text: string;
  readonly shown: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly shown: string;
}

/**
 * Makes a stream that keeps the values of secrets out of what passes through: each is replaced by `[masked NAME]`, also
 * where it is cut into chunks, overlaps another, or is percent-encoded, escaped as in JSON, in base64, alone or within a
 * longer text, or line by line.
 *
 * It finds a value as a whole only. A program that prints a part of it, or turns it round, is not kept from it.
 */
export function createMasker(secrets: ReadonlyMap<string, string>): Transform {
  const patterns = patternsOf(secrets);
  let held = '';
  /** How much at the beginning of what is held belongs to a value whose mask has been shown already. */
  let covered = 0;

  /** How much of the end might be the beginning of a secret whose rest is still to come. */
  function doubtful(text: string): number {
    for (let length = Math.min(text.length, longest(patterns) - 1); length > 0; length--) {
      const end = text.slice(-length);
      if (patterns.some(({ text: secret }) => secret.length > length && secret.startsWith(end)))
        return length;
    }
    return 0;
  }

  /** Takes all but the last `keep` characters of a text, masked. The others are held. */
  function take(text: string, keep: number): Buffer {
    const cut = text.length - keep;
    let shown = '';
    let at = covered;
    for (const span of spansIn(text, patterns)) {
      if (span.start >= cut) break;
      if (span.end <= at) continue;
      shown += text.slice(at, span.start) + span.shown;
      at = span.end;
    }
    held = text.slice(cut);
    covered = Math.max(0, at - cut);
    return Buffer.from(shown + text.slice(at, cut), 'latin1');
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      // One character a byte, so that nothing is lost where a chunk cuts a character.
      const text = held + chunk.toString('latin1');
      done(null, take(text, doubtful(text)));
    },
    flush(done: TransformCallback) {
      done(null, take(held, 0));
    },
  });
}

/** Where the patterns stand, in the order of the text, the longest first of those that begin together. */
function spansIn(text: string, patterns: readonly Pattern[]): Span[] {
  const spans: Span[] = [];
  for (const { text: secret, shown } of patterns) {
    for (let start = text.indexOf(secret); start !== -1; start = text.indexOf(secret, start + 1))
      spans.push({ start, end: start + secret.length, shown });
  }
  return spans.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** Everything to be looked for, the longest first. */
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
    .split(/\r?\n/)
    .filter((line) => line.length >= MIN_LINE_LENGTH && !line.startsWith('-----'));
  const percent = [encodeURIComponent(value), new URLSearchParams({ '': value }).toString().slice(1)];
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    ...percent,
    ...percent.map((text) => text.replaceAll(/%../g, (code) => code.toLowerCase())),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    ...[0, 1, 2].flatMap((offset) => base64Within(bytes, offset)),
    ...lines,
  ];
}

/** How a value looks in the base64 of a longer text, like `user:password`: all that its neighbours have no part in. */
function base64Within(bytes: Buffer, offset: number): string[] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]);
  const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((text.length * 8) / 6)];
  return [text.toString('base64').slice(from, to), text.toString('base64url').slice(from, to)];
}

function longest(patterns: readonly Pattern[]): number {
  return patterns[0]?.text.length ?? 0;
}
