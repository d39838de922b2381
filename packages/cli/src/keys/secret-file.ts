import { parseEnv } from 'node:util';
import { CommandError } from '../command-error.ts';
import { writeEnvText } from '../env/env-text.ts';
import { type PrivateFile, readPrivateFile, replacePrivateFile } from '../private-file.ts';
import type { ApiKeyWithSecret } from './api-key.ts';

export const SECRET_FORMATS = ['env', 'json', 'k8s', 'systemd'] as const;
export type SecretFormat = (typeof SECRET_FORMATS)[number];

const BY_ENDING: readonly [ending: RegExp, format: SecretFormat][] = [
  [/\.env$/, 'env'],
  [/\.ya?ml$/, 'k8s'],
  [/\.conf$/, 'systemd'],
];

/** The format of a file for a secret: the one that is named, or the one that its ending tells. */
export function formatOf(flags: { readonly out?: string; readonly outFormat?: SecretFormat }): SecretFormat {
  const { out = '', outFormat } = flags;
  return outFormat ?? BY_ENDING.find(([ending]) => ending.test(out))?.[1] ?? 'json';
}

/**
 * Writes the secret of a key where it is kept.
 *
 * @throws {@link CommandError} when that fails: then the secret is lost, and the message says what to do
 */
export function writeSecretFile(
  file: PrivateFile,
  format: SecretFormat,
  key: ApiKeyWithSecret,
  passphrase: string | undefined,
): void {
  try {
    file.write(WRITERS[format](key, passphrase));
  } catch (error) {
    throw new CommandError(
      `${(error as Error).message}\nThe secret of ${key.id} is lost: rotate the key, or revoke it.`,
    );
  }
}

/**
 * Makes ready to replace the file that holds a key, so that a bot that reads it gets the old secret or the new one.
 * A passphrase that stands in it is kept.
 *
 * @throws {@link CommandError} when there is no such file, or it holds anything but this key
 */
export async function replaceSecretFile(
  path: string,
  format: SecretFormat,
  id: string,
): Promise<PrivateFile> {
  if (format !== 'env' && format !== 'json')
    throw new CommandError('--replace is for files in the formats env and json.');
  const before = await readPrivateFile(path);
  const held = format === 'env' ? (parseEnv(before) as Record<string, string>) : jsonIn(path, before);
  const heldId = format === 'env' ? held.COUNTERSIGN_KEY_ID : held.id;
  if (heldId !== id) throw new CommandError(`${path} does not hold the key ${id}, and is not replaced.`);
  const file = replacePrivateFile(path);
  // What else stands in the file is its owner's: only what is new is changed.
  return {
    ...file,
    write: (content) => {
      const text = content.toString();
      file.write(format === 'env' ? mergedEnv(before, text) : mergedJson(held, text));
    },
  };
}

function jsonIn(path: string, text: string): Record<string, string> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    throw new CommandError(`${path} is not JSON.`); // The parser's message would quote the text.
  }
}

function mergedEnv(before: string, after: string): string {
  const values = parseEnv(after) as Record<string, string>;
  const kept = before.split(/(?<=\n)/).filter((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1] ?? '';
    return !Object.hasOwn(values, name);
  });
  const text = kept.join('');
  return text + (text === '' || text.endsWith('\n') ? '' : '\n') + after;
}

function mergedJson(before: object, after: string): string {
  return `${JSON.stringify({ ...before, ...(JSON.parse(after) as object) }, null, 2)}\n`;
}

const WRITERS: Readonly<
  Record<SecretFormat, (key: ApiKeyWithSecret, passphrase: string | undefined) => string>
> = {
  env: (key, passphrase) => writeEnvText(variablesOf(key, passphrase)),
  json: (key, passphrase) =>
    `${JSON.stringify(passphrase === undefined ? key : { ...key, passphrase }, null, 2)}\n`,
  k8s: (key, passphrase) =>
    [
      'apiVersion: v1',
      'kind: Secret',
      'metadata:',
      `  name: ${kubernetesName(key)}`,
      'type: Opaque',
      'stringData:',
      // JSON's strings are YAML's.
      ...Object.entries(variablesOf(key, passphrase)).map(
        ([name, value]) => `  ${name}: ${JSON.stringify(value)}`,
      ),
      '',
    ].join('\n'),
  systemd: (key, passphrase) =>
    Object.entries(variablesOf(key, passphrase))
      .map(([name, value]) => `${name}="${value.replaceAll(/["\\$`]/g, '\\$&')}"\n`)
      .join(''),
};

/** The variables under which a client library and `countersign run` find a key. */
export function variablesOf(
  { id, secret = '' }: ApiKeyWithSecret,
  passphrase: string | undefined,
): Record<string, string> {
  return {
    COUNTERSIGN_KEY_ID: id,
    COUNTERSIGN_SECRET: secret,
    ...(passphrase === undefined ? {} : { COUNTERSIGN_PASSPHRASE: passphrase }),
  };
}

/** A name as Kubernetes takes it (RFC 1123 label). */
function kubernetesName({ label }: ApiKeyWithSecret): string {
  const slug = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return `countersign-${slug === '' ? 'key' : slug}`;
}
