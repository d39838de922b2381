import { assignments, PIECES } from './assignment.ts';
import { isPlaceholder } from './placeholder.ts';
import type { Hit, SecretRule } from './secret-rule.ts';

/** What front-end tools write into their bundles: the values of variables that begin so. */
export const INLINED = 'VITE|NEXT_PUBLIC|REACT_APP|VUE_APP|NUXT_PUBLIC|EXPO_PUBLIC|GATSBY';
const WORDS = 'SECRET|PRIVATE_?KEY|PASSPHRASE|PASSWORD|CREDENTIALS?|(?:ACCESS|AUTH|BEARER|API)_?TOKEN';
const NAME = `(?:${INLINED})_[A-Z0-9_]{0,60}(?:${WORDS})[A-Z0-9_]{0,30}`;
const ABOUT =
  /(?:ID|NAME|URL|URI|PATH|HASH|LENGTH|TYPE|HEADER|ENABLED|VERSION|KIND|TTL|FIELD|REGEX|RULES|POLICY)$/;

const NO_VALUE = /^(?:true|false|null|undefined|process|import)\b/;

const given = new RegExp(`${NAME}${PIECES.binding}${PIECES.quote}([^\\s"'\`\\\\<>{}$()]{8,256})`, 'g');
/** `${API_SECRET}`, `$API_SECRET`, `process.env.API_SECRET`. */
const passedOn = new RegExp(
  `(${NAME})${PIECES.binding}["'\`]?(?:\\$\\{?[A-Z_][A-Z0-9_]{1,60}|process\\.env[.[]|JSON\\.stringify\\([ \\t]{0,4}process\\.env[.[])`,
  'g',
);
const read = new RegExp(`(?:import\\.meta\\.env|process\\.env)(?:\\.|\\[["'\`])(${NAME})`, 'g');

/**
 * Finds secrets under names that a front-end tool inlines: each such value is in the bundle, for everybody to read.
 * A name alone is enough where something is given to it, or where code reads it.
 */
export const frontEndSecrets: SecretRule = {
  id: 'front-end-secret',
  level: 'error',
  description:
    'A secret under a name that a front-end tool writes into its bundle (VITE_, NEXT_PUBLIC_, REACT_APP_).',
  *find({ text }) {
    const values: number[] = [];
    for (const { name, value, start, end, isQuoted } of assignments(text, given)) {
      if (ABOUT.test(name) || isPlaceholder(value) || NO_VALUE.test(value)) continue;
      if (!isQuoted && /[;:]$/.test(value)) continue;
      values.push(start);
      yield { start, end, detail: `${inlined(name)}, and holds a secret`, isGuessable: value.length < 24 };
    }
    yield* named(text, passedOn, 'and is given a secret from the environment');
    for (const hit of named(text, read, 'and is read as a secret')) {
      // `process.env.VITE_SECRET || "…"`: the value is the finding.
      if (!values.some((start) => start >= hit.end && start < hit.end + 40)) yield hit;
    }
  },
};

function* named(text: string, pattern: RegExp, what: string): Iterable<Hit> {
  for (const match of text.matchAll(pattern)) {
    const name = match[1] as string;
    if (ABOUT.test(name)) continue;
    const start = match.index + match[0].indexOf(name);
    yield {
      start,
      end: start + name.length,
      level: 'warning',
      isPublic: true,
      detail: `${inlined(name)}, ${what}`,
    };
  }
}

function inlined(name: string): string {
  const prefix = new RegExp(`(?:${INLINED})_`).exec(name)?.[0] ?? '';
  return `a front-end tool inlines ${prefix}… into its bundle`;
}
