import {
  type ClaimPart,
  DENIAL_CODES,
  type Denial,
  type DenialCode,
  type Dialect,
  denial,
  type HttpAnswer,
} from '@countersign/core';

/** What a refusal says, as far as its words can be told from those of others. */
export interface ReadRefusal {
  /** The denials that are answered in these words. */
  readonly denials: readonly DenialCode[];
  /** Whether the words are exactly those; if not, only their code is known. */
  readonly isExact: boolean;
}

/** Tells a dialect's refusals from its other answers. */
export interface RefusalReader {
  /** Undefined for an answer that is no refusal in this dialect's words. Never throws, on any bytes. */
  read(status: number, body: Uint8Array): ReadRefusal | undefined;
}

const PARTS: readonly ClaimPart[] = ['key', 'signature', 'timestamp', 'passphrase'];
/** Two sets of values that are different in everything that is not the exchange's own words. */
const VARIANTS = [
  {
    nowMs: 1_111_111_111_111,
    requestId: 'req_first',
    detail: 'first',
    permission: 'one',
    seconds: 11,
    delta: 111,
  },
  {
    nowMs: 1_222_222_222_222,
    requestId: 'req_other',
    detail: 'other',
    permission: 'two',
    seconds: 22,
    delta: 222,
  },
] as const;
/** What exchanges call the code of an error. Those that have a text alone are known by that. */
const CODE_NAMES = new Set([
  'code',
  'retcode',
  'label',
  'error',
  '__type',
  'err-code',
  'err_code',
  'type',
  '0',
  '1',
]);
const MAX_BODY = 65_536;

/** One way in which a dialect refuses: what stays the same in it, whatever is refused. */
interface Form {
  readonly denial: DenialCode;
  readonly status: number;
  readonly words: ReadonlyMap<string, string>;
}

/**
 * Learns how a dialect refuses from the dialect itself, by having it refuse everything twice: what is the same both times
 * are its words. A real exchange says the same codes, and often other words with them; then the code alone is known.
 *
 * A code that stands for success elsewhere is none here: every form has a status or a text that successes lack.
 */
export function createRefusalReader(dialect: Dialect): RefusalReader {
  const forms = DENIAL_CODES.flatMap((code) => formsOf(dialect, code));
  return {
    read(status, body) {
      const ofStatus = forms.filter((form) => form.status === status);
      if (ofStatus.length === 0 || body.length > MAX_BODY) return undefined;
      const said = wordsIn(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
      if (said === undefined) return undefined;
      const exact = ofStatus.filter(({ words }) => holds(said, words));
      if (exact.length > 0) return { denials: denialsOf(mostExact(exact)), isExact: true };
      const coded = ofStatus.filter(({ words }) => holds(said, codesIn(words)));
      return coded.length > 0 ? { denials: denialsOf(coded), isExact: false } : undefined;
    },
  };
}

function formsOf(dialect: Dialect, code: DenialCode): Form[] {
  const parts: (ClaimPart | undefined)[] =
    code === 'credential_missing' ? [undefined, ...PARTS] : [undefined];
  return parts.flatMap((part) => {
    const [first, second] = VARIANTS.map((variant) => refused(dialect, code, part, variant)) as [
      HttpAnswer,
      HttpAnswer,
    ];
    const [words, others] = [wordsIn(first.body), wordsIn(second.body)];
    if (words === undefined || others === undefined) return [];
    const same = [...words].filter(([path, word]) => others.get(path) === word);
    const form: Form = { denial: code, status: first.status, words: new Map(same) };
    return codesIn(form.words).size > 0 ? [form] : [];
  });
}

function refused(
  dialect: Dialect,
  code: DenialCode,
  part: ClaimPart | undefined,
  { nowMs, requestId, detail, permission, seconds, delta }: (typeof VARIANTS)[number],
): HttpAnswer {
  const refusal: Denial = denial(code, detail, {
    part,
    permission,
    retryAfterSeconds: seconds,
    clockDeltaMs: delta,
  });
  return dialect.refuse(refusal, { nowMs, requestId });
}

/** The scalars of a JSON text by their paths, or another text as a whole; undefined where there is nothing. */
function wordsIn(text: string): Map<string, string> | undefined {
  const words = new Map<string, string>();
  try {
    collect(JSON.parse(text), [], words);
  } catch {
    words.set('', text.trim());
  }
  return text.trim() === '' || words.size === 0 ? undefined : words;
}

const MAX_DEPTH = 4;
const MAX_WORDS = 64;

function collect(value: unknown, path: readonly string[], into: Map<string, string>): void {
  if (into.size >= MAX_WORDS) return;
  if (typeof value !== 'object' || value === null) {
    into.set(path.join('/'), String(value));
    return;
  }
  if (path.length >= MAX_DEPTH) return;
  for (const [name, member] of Object.entries(value)) collect(member, [...path, name], into);
}

function holds(said: ReadonlyMap<string, string>, words: ReadonlyMap<string, string>): boolean {
  return [...words].every(([path, word]) => said.get(path) === word);
}

function codesIn(words: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const codes = [...words].filter(([path, word]) => word !== 'null' && isCode(path));
  return codes.length > 0 ? new Map(codes) : words;
}

function isCode(path: string): boolean {
  return path.split('/').some((name) => CODE_NAMES.has(name.toLowerCase()));
}

/** Of forms of which one holds the words of another, those with the most: "used before" adds to "expired". */
function mostExact(forms: readonly Form[]): readonly Form[] {
  const most = Math.max(...forms.map(({ words }) => words.size));
  return forms.filter(({ words }) => words.size === most);
}

/** What we send is never incomplete, so that a word for several is not about that. */
function denialsOf(forms: readonly Form[]): DenialCode[] {
  const all = [...new Set(forms.map((form) => form.denial))];
  const others = all.filter((code) => code !== 'credential_missing');
  return others.length > 0 ? others : all;
}
