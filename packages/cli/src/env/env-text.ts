import { parseEnv } from 'node:util';

/** A fault in an env file: what is wrong, and in which line. Never holds a value. */
export interface EnvFault {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What a front-end tool puts into the code that every visitor gets. */
const INLINED = /^(?:VITE|NEXT_PUBLIC|REACT_APP|PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|GATSBY)_/;
const PLACEHOLDER = /^(?:x{3,}|\*{3,}|\.{3}|<.*>|\$\{.*\}|change-?me|todo|(?:your|my)[-_ ].*|.*[-_ ]here)$/i;

/**
 * Reads `NAME=value` lines, as Node reads env files; but a line that is no assignment is left out, where Node would take
 * it for the beginning of the next one's name.
 */
export function readEnvText(text: string): ReadonlyMap<string, string> {
  const good = [...assignmentsIn(text)].filter(({ name }) => NAME.test(name));
  const values = parseEnv(good.map(({ whole }) => whole).join('\n')) as Record<string, string>;
  return new Map(Object.entries(values));
}

/**
 * Lists what is wrong in an env file: lines that are no assignment, names that are there twice, empty values,
 * placeholders, names that a front-end tool would make public, and a key's id where its secret should be.
 */
export function faultsIn(text: string): EnvFault[] {
  const faults: EnvFault[] = [];
  const values = readEnvText(text);
  const seen = new Map<string, number>();
  for (const { line, name } of assignmentsIn(text)) {
    const add = (message: string) => faults.push({ line, message });
    if (!NAME.test(name)) {
      add('is no NAME=value: it is left out');
      continue;
    }
    if (seen.has(name)) add(`${name} is in line ${seen.get(name)} already: the last one counts`);
    seen.set(name, line);
    for (const message of faultsOfVariable(name, values.get(name) ?? '')) add(message);
  }
  return faults;
}

/** What is wrong with one variable, by its name and its value. Never holds the value. */
export function faultsOfVariable(name: string, value: string): string[] {
  const isSecret = /SECRET|TOKEN|PASS|PRIVATE|CREDENTIAL|KEY/.test(name.toUpperCase());
  if (value === '') return [`${name} is empty`];
  const faults: string[] = [];
  if (PLACEHOLDER.test(value)) faults.push(`${name} is a placeholder`);
  if (/^\s|\s$/.test(value)) faults.push(`${name} begins or ends with a space or a line end`);
  if (INLINED.test(name) && isSecret)
    faults.push(`${name} would be put into the code that a browser loads: take another name`);
  if (name.endsWith('_SECRET') && /^ck_(?:live|test)_/.test(value))
    faults.push(`${name} is the id of a key (ck_…), not its secret (cs_… or cb_…)`);
  if (name.endsWith('_KEY_ID') && /^c[sb]_(?:live|test)_/.test(value))
    faults.push(`${name} is a secret, not the id of a key (ck_…)`);
  return faults;
}

interface Assignment {
  /** From 1: the first one, where a value in quotes has several. */
  readonly line: number;
  /** Empty where there is none. */
  readonly name: string;
  readonly whole: string;
}

function* assignmentsIn(text: string): Generator<Assignment> {
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const first = lines[i] as string;
    if (/^\s*(?:#|$)/.test(first)) continue;
    const line = i + 1;
    const quote = /=\s*(["'`])/.exec(first)?.[1];
    const opensOnly = quote !== undefined && first.indexOf(quote, first.indexOf(quote) + 1) === -1;
    // Without a closing quote anywhere below, the line stands for itself.
    const end = opensOnly ? lines.findIndex((each, at) => at > i && each.includes(quote)) : i;
    const whole = lines.slice(i, Math.max(end, i) + 1).join('\n');
    i = Math.max(end, i);
    const [, name = ''] = /^\s*(?:export\s+)?([^=]*?)\s*=/.exec(first) ?? [];
    yield { line, name, whole };
  }
}

/** Writes `NAME=value` lines. Shells and env readers agree about single quotes. */
export function writeEnvText(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${/^[A-Za-z0-9_.:/@+-]*$/.test(value) ? value : `'${value}'`}\n`)
    .join('');
}
