import { type Assignment, assignmentPattern, assignments } from './assignment.ts';
import { type ExchangeForms, exchangeNamedIn, hasSecretForm } from './exchange-forms.ts';
import { indirectAssignments } from './indirect-assignment.ts';
import { isPlaceholder } from './placeholder.ts';
import { isCamelCase, looksRandom } from './randomness.ts';
import type { Hit, ScannedText, SecretRule } from './secret-rule.ts';

/** How secrets and access keys are called. */
export const SECRET_WORDS = 'secret|private_?key|privkey';
const KEY_WORDS = 'api[_-]?key|access[_-]?key|key';
const PASSPHRASE_WORDS = 'pass_?phrase|api[_-]?password';
/** How far before a name its exchange is looked for: `new ccxt.binance({ apiKey: …, secret: … })`. */
const NEAR = 300;
/** In these, a text without quotes may be the name of something else. */
const CODE = /\.(?:[cm]?[jt]sx?|py|go|java|kt|rs|rb|php|cs|cpp|cc|c|h|hpp|swift|scala|vue|svelte|map)$/i;

const PROSE = /\.(?:md|mdx|txt|rst|adoc|html?)$/i;

const secretPattern = assignmentPattern(SECRET_WORDS);
const keyPattern = assignmentPattern(KEY_WORDS);
const passphrasePattern = assignmentPattern(PASSPHRASE_WORDS, '([^\\s"\'`\\\\<>{}$]{6,64})');

/**
 * Finds secrets of exchanges by the names that they are given. The exchange's form is asked for where the exchange is
 * named, and randomness in any case; where no exchange is named, the name has to say that it is a secret.
 */
export const exchangeSecrets: SecretRule = {
  id: 'exchange-secret',
  level: 'error',
  description: "A secret of an exchange's API key, near the name of a variable that says so.",
  *find(scanned) {
    for (const assignment of assignments(scanned.text, secretPattern)) yield* secretIn(assignment, scanned);
    for (const assignment of indirectAssignments(scanned.text, SECRET_WORDS))
      yield* secretIn(assignment, scanned);
  },
};

/** An access key says whose account it is, and opens what an exchange gives to whoever names a key. */
export const exchangeKeys: SecretRule = {
  id: 'exchange-key',
  level: 'warning',
  description: "The access key of an exchange's API key, in the form of the exchange that is named near it.",
  *find(scanned) {
    for (const assignment of assignments(scanned.text, keyPattern)) {
      const { name, value, start, end, isQuoted } = assignment;
      if (/secret|public|private/i.test(name)) continue;
      const exchange = exchangeNear(assignment, scanned);
      if (exchange === undefined || !exchange.key.test(value) || isPlaceholder(value)) continue;
      // Between words of a text, letters alone are another word.
      if (!isQuoted && !/\d/.test(value) && PROSE.test(scanned.path)) continue;
      if (!isMixed(value) || !isWritten(assignment, scanned)) continue;
      yield { start, end, detail: `access key of ${exchange.name}` };
    }
  },
};

/** A passphrase is thought of by a person: it has no form, so the exchange must be named near it. */
export const exchangePassphrases: SecretRule = {
  id: 'exchange-passphrase',
  level: 'warning',
  description: "The passphrase of an exchange's API key, near the exchange's name.",
  *find(scanned) {
    for (const assignment of assignments(scanned.text, passphrasePattern)) {
      const { value, start, end, isQuoted } = assignment;
      const exchange = exchangeNear(assignment, scanned);
      if (exchange === undefined || isPlaceholder(value) || !/\d/.test(value) || !/\D/.test(value)) continue;
      if (!isQuoted && CODE.test(scanned.path)) continue;
      yield { start, end, detail: `passphrase of a key of ${exchange.name}`, isGuessable: true };
    }
  },
};

function* secretIn(assignment: Assignment, scanned: ScannedText): Iterable<Hit> {
  const { value, start, end } = assignment;
  if (!isWritten(assignment, scanned) || isPlaceholder(value)) return;
  const exchange = exchangeNear(assignment, scanned);
  if (exchange?.secret.test(value) && isMixed(value)) {
    yield { start, end, detail: `secret of a key of ${exchange.name}` };
  } else if (looksRandom(value) || (value.includes('-') && hasSecretForm(value))) {
    yield {
      start,
      end,
      detail: exchange === undefined ? 'API secret' : `API secret, near the name ${exchange.name}`,
    };
  }
}

/** Whether a text of the right form is no name: of 18 letters and digits drawn, one text in twenty has no digit. */
function isMixed(value: string): boolean {
  return (/\d/.test(value) || (/[a-z]/.test(value) && /[A-Z]/.test(value))) && !isCamelCase(value);
}

/** Whether a value is written there, rather than named: without quotes, in code, a text is a name, unless it cannot be. */
function isWritten({ value, isQuoted }: Assignment, { path }: ScannedText): boolean {
  if (isQuoted || !CODE.test(path) || !/^[A-Za-z_$][\w$]*$/.test(value)) return true;
  return value.length >= 32 && /(?:\d\D*){4}/.test(value) && looksRandom(value);
}

function exchangeNear({ name, start }: Assignment, { text, path }: ScannedText): ExchangeForms | undefined {
  return (
    exchangeNamedIn(name) ??
    exchangeNamedIn(text.slice(Math.max(0, start - NEAR), start)) ??
    exchangeNamedIn(path)
  );
}
