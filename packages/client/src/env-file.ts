import { CountersignError } from './errors.ts';

const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/;

/**
 * Reads an env file: `NAME=value` a line, with or without `export`, quoted as shells do; `#` begins a comment line.
 * Within double quotes `\n` is a line break, as a private key in PEM needs. Nothing is expanded.
 *
 * A last line without its end is one that is still being written.
 *
 * @throws {@link CountersignError} that names the line and never its content
 */
export function parseEnvFile(path: string, content: string): ReadonlyMap<string, string> {
  if (!content.endsWith('\n')) throw fault(path, 'its last line does not end');
  const values = new Map<string, string>();
  for (const [at, line] of content.split('\n').entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const [, name, value] = LINE.exec(text) ?? [];
    if (name === undefined || value === undefined) throw fault(path, `line ${at + 1} is not NAME=value`);
    if (values.has(name)) throw fault(path, `it has ${name} twice`);
    values.set(name, unquoted(path, at + 1, value));
  }
  return values;
}

function unquoted(path: string, line: number, value: string): string {
  const [quote = ''] = value;
  if (quote !== '"' && quote !== "'") return value;
  if (value.length < 2 || !value.endsWith(quote))
    throw fault(path, `line ${line} has a quote that does not end`);
  const inner = value.slice(1, -1);
  if (inner.includes(quote)) throw fault(path, `line ${line} has a quote too many`);
  return quote === '"' ? inner.replaceAll('\\n', '\n') : inner;
}

function fault(path: string, why: string): CountersignError {
  return new CountersignError('secret_unreadable', `${path} cannot be taken: ${why}.`);
}
