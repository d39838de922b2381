const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]|[^\s,:{}[\]"]+/g;
const WHOLE = /^(?:0|-?[1-9]\d{0,19})$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const MAX_DEPTH = 16;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;
const TO_BE_COUNTED = Buffer.alloc(0);

/** Every byte, made once: most of an action is short. */
const BYTES = Array.from({ length: 256 }, (_, byte) => Buffer.of(byte));
const oneByte = (byte: number) => BYTES[byte] as Buffer;

/** An object or array whose end has not come yet. */
interface Open {
  /** Where its header is to stand. */
  readonly at: number;
  /** Names that occurred; absent in an array. */
  readonly names: Set<string> | undefined;
  tokens: number;
}

/**
 * Writes a JSON value as MessagePack, as the clients of Hyperliquid do before they hash it: names in the order of the
 * text, whole numbers and lengths in their shortest form.
 *
 * Undefined for what has no one form: a number with a point or an exponent (`1` and `1.0` are one number to some
 * writers and two to others), `-0`, or one beyond 64 bits; a text that is not Unicode; a name that is there twice; more
 * than 16 levels.
 *
 * @param json a valid JSON text: whether it is one is not checked
 */
export function packJson(json: string): Buffer | undefined {
  const out: Uint8Array[] = [];
  const open: Open[] = [];
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '}' || token === ']') {
      const done = open.pop();
      if (done === undefined) return undefined;
      out[done.at] = headerOf(done);
      continue;
    }
    const inside = open.at(-1);
    if (inside !== undefined && !takes(inside, token)) return undefined;
    if (token === '{' || token === '[') {
      if (open.length >= MAX_DEPTH) return undefined;
      const names = token === '{' ? new Set<string>() : undefined;
      open.push({ at: out.push(TO_BE_COUNTED) - 1, names, tokens: 0 });
      continue;
    }
    if (!writeScalar(token, out)) return undefined;
  }
  return Buffer.concat(out);
}

/** Counts a token of an object or array. False for a name that was there before. */
function takes(inside: Open, token: string): boolean {
  inside.tokens++;
  if (inside.names === undefined || inside.tokens % 2 === 0) return true;
  const name = JSON.parse(token) as string;
  if (inside.names.has(name)) return false;
  inside.names.add(name);
  return true;
}

function headerOf({ names, tokens }: Open): Buffer {
  return names === undefined
    ? header(tokens, { short: 0x90, shortest: 16, tags: [0xdc, 0xdd] })
    : header(tokens / 2, { short: 0x80, shortest: 16, tags: [0xde, 0xdf] });
}

/** False for what has no form. */
function writeScalar(token: string, out: Uint8Array[]): boolean {
  if (token.startsWith('"')) return writeText(JSON.parse(token) as string, out);
  if (token === 'null') out.push(oneByte(0xc0));
  else if (token === 'false') out.push(oneByte(0xc2));
  else if (token === 'true') out.push(oneByte(0xc3));
  else {
    if (!WHOLE.test(token)) return false;
    const number = BigInt(token);
    if (number < MIN_INT64 || number > MAX_UINT64) return false;
    out.push(packWhole(number));
  }
  return true;
}

function writeText(text: string, out: Uint8Array[]): boolean {
  if (LONE_SURROGATE.test(text)) return false;
  const bytes = Buffer.from(text, 'utf8');
  const { length } = bytes;
  out.push(
    length >= 32 && length < 0x100
      ? Buffer.of(0xd9, length)
      : header(length, { short: 0xa0, shortest: 32, tags: [0xda, 0xdb] }),
    bytes,
  );
  return true;
}

interface HeaderForm {
  /** What a length below `shortest` is added to. */
  readonly short: number;
  readonly shortest: number;
  /** The tags before a length of 16 and of 32 bits. */
  readonly tags: readonly [number, number];
}

function header(length: number, { short, shortest, tags }: HeaderForm): Buffer {
  if (length < shortest) return oneByte(short + length);
  const bytes = Buffer.alloc(length < 0x1_0000 ? 3 : 5);
  bytes[0] = length < 0x1_0000 ? tags[0] : tags[1];
  bytes.writeUIntBE(length, 1, bytes.length - 1);
  return bytes;
}

/** A tag, and as many bytes as the number needs; the smallest numbers are a byte of their own. */
function packWhole(number: bigint): Buffer {
  if (number >= -32n && number < 128n) return oneByte(Number(BigInt.asUintN(8, number)));
  const sizes = [8, 16, 32, 64];
  const isNegative = number < 0n;
  const at = sizes.findIndex((bits) =>
    isNegative ? BigInt.asIntN(bits, number) === number : BigInt.asUintN(bits, number) === number,
  );
  const bits = sizes[at] as number;
  const digits = BigInt.asUintN(bits, number)
    .toString(16)
    .padStart(bits / 4, '0');
  return Buffer.concat([Buffer.of((isNegative ? 0xd0 : 0xcc) + at), Buffer.from(digits, 'hex')]);
}
