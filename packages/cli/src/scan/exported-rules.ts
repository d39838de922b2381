import { ISSUED_FORMS } from '@countersign/core/credential';
import { PIECES } from './rules/assignment.ts';
import { SECRET_WORDS } from './rules/exchange-secrets.ts';
import { INLINED } from './rules/front-end.ts';

/** A rule as other scanners can run it: one expression in the syntax of RE2. */
export interface ExportedRule {
  readonly id: string;
  readonly description: string;
  readonly regex: string;
  /** Which group holds the secret; 0 for all of it. */
  readonly group: number;
  /** One of these stands in every text that can match, in lower case. */
  readonly keywords: readonly string[];
  readonly entropy?: number;
}

const EXCHANGE_WORDS =
  'binance|bitget|okx|okex|bybit|kucoin|coinbase|kraken|gate_?io|gate_|bitfinex|crypto_?com|htx|huobi|mexc';
const FRONT_END_WORDS = 'SECRET|PRIVATE_?KEY|PASSPHRASE|PASSWORD';

/**
 * The rules for other scanners. They know neither checksums, nor what an exchange's secrets look like, nor source
 * maps and literals in pieces, so that they find less and are wrong more often than `countersign scan`.
 */
export const EXPORTED_RULES: readonly ExportedRule[] = [
  {
    id: 'countersign-secret',
    description: 'A secret or bearer token of Countersign (the checksum is not compared)',
    regex: `(?:${ISSUED_FORMS.filter(({ kind }) => kind !== 'id')
      .map(({ pattern }) => pattern.replaceAll('(live', '(?:live'))
      .join('|')})`,
    group: 0,
    keywords: ['cs_live_', 'cs_test_', 'cs/live/', 'cs/test/', 'cb_live_', 'cb_test_'],
  },
  {
    id: 'private-key',
    description: 'A private key in PEM, also in base64',
    regex:
      '-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----(?:\\s|\\\\+[nr]){0,4}[A-Za-z0-9+/=]{32}|LS0tLS1CRUdJT[A-Za-z0-9+/=]{80}',
    group: 0,
    keywords: ['private key-----', 'ls0tls1crudjt'],
  },
  {
    id: 'exchange-secret',
    description: "A secret of an exchange's API key, or of any API, near a name that says so",
    regex: `(?i)${PIECES.nameHead}(?:${SECRET_WORDS})${PIECES.nameTail}${PIECES.binding}${PIECES.quote}${PIECES.token}`,
    group: 2,
    keywords: ['secret', 'private'],
    entropy: 3.4,
  },
  {
    id: 'exchange-key',
    description: "The access key of an exchange's API key, under a name that says which",
    regex: `(?i)(?:${EXCHANGE_WORDS})[a-z0-9_.-]{0,12}key${PIECES.binding}${PIECES.quote}${PIECES.token}`,
    group: 2,
    keywords: ['key'],
    entropy: 3,
  },
  {
    id: 'curve-private-key',
    description: 'A private key of an elliptic curve in hexadecimal, near a name that says so',
    regex: `(?i)(?:private_?key|privkey|wallet_?key|agent_?key)${PIECES.nameTail}${PIECES.binding}${PIECES.quote}((?:0x)?[0-9a-f]{64})`,
    group: 2,
    keywords: ['key'],
  },
  {
    id: 'front-end-secret',
    description: 'A secret under a name that a front-end tool writes into its bundle',
    regex: `(?:${INLINED})_[A-Z0-9_]{0,60}(?:${FRONT_END_WORDS})[A-Z0-9_]{0,30}${PIECES.binding}${PIECES.quote}([A-Za-z0-9+/][A-Za-z0-9+/=_-]{7,255})`,
    group: 2,
    keywords: INLINED.toLowerCase()
      .split('|')
      .map((word) => `${word}_`),
  },
];

/** The rules as gitleaks reads them (`gitleaks --config`), besides its own. */
export function gitleaksToml(): string {
  const rules = EXPORTED_RULES.map(({ id, description, regex, group, keywords, entropy }) =>
    [
      '[[rules]]',
      `id = ${JSON.stringify(id)}`,
      `description = ${JSON.stringify(description)}`,
      `regex = '''${regex.replaceAll("'", '\\x27')}'''`,
      ...(group === 0 ? [] : [`secretGroup = ${group}`]),
      ...(entropy === undefined ? [] : [`entropy = ${entropy}`]),
      `keywords = ${JSON.stringify(keywords)}`,
    ].join('\n'),
  );
  return [
    '# Made by: countersign scan rules --format gitleaks',
    '# Checksums, forms of exchanges, source maps and split literals are looked at by countersign scan only.',
    'title = "Countersign"',
    '',
    '[extend]',
    'useDefault = true',
    '',
    rules.join('\n\n'),
    '',
    '[[allowlists]]',
    'description = "Placeholders"',
    'regexTarget = "match"',
    `regexes = ['''(?i)your|example|placeholder|change[_-]?me|redacted|dummy|xxxx''']`,
    '',
  ].join('\n');
}

/** The rules as lines of extended regular expressions: `git secrets --add-provider -- countersign scan rules …`. */
export function gitSecretsPatterns(): string {
  return EXPORTED_RULES.map(({ regex }) => posix(regex)).join('\n');
}

/** Rewrites an expression from RE2's syntax to POSIX's: other groups, classes, and no switch for letter case. */
function posix(regex: string): string {
  const foldsCase = regex.startsWith('(?i)');
  const plain = regex.replace('(?i)', '').replaceAll('(?:', '(');
  let out = '';
  for (let i = 0; i < plain.length; i++) {
    const character = plain[i] as string;
    if (character === '[') {
      const end = endOfClass(plain, i);
      out += posixClass(plain.slice(i + 1, end), foldsCase);
      i = end;
    } else if (character === '\\') {
      const next = plain[++i] as string;
      out += next === 's' ? '[[:space:]]' : `\\${next}`;
    } else out += foldsCase && isRepeat(plain, i) ? character : foldsCase ? bothCases(character) : character;
  }
  return out;
}

/** Whether a place is inside `{0,40}`: digits have no letter case anyway. */
function isRepeat(text: string, at: number): boolean {
  return /\d|[{},]/.test(text[at] as string);
}

function bothCases(character: string): string {
  return /[a-z]/i.test(character) ? `[${character.toLowerCase()}${character.toUpperCase()}]` : character;
}

function endOfClass(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ']') return i;
  }
  return text.length;
}

/** In a POSIX class a backslash is itself, `]` comes first and `-` last. */
function posixClass(content: string, foldsCase: boolean): string {
  const hasEnd = content.includes('\\]');
  const hasDash = content.endsWith('-');
  const tab = content.includes('\\t') ? '\t' : '';
  const rest = content.replace('\\]', '').replace(/-$/, '').replaceAll('\\t', '').replaceAll('\\\\', '\\');
  const letters =
    foldsCase && /0-9a-f$/.test(rest) ? `${rest}A-F` : foldsCase && /^a-z/.test(rest) ? `${rest}A-Z` : rest;
  return `[${hasEnd ? ']' : ''}${letters}${tab}${hasDash ? '-' : ''}]`;
}
