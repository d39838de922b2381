import { Secret } from '@countersign/core';
import { parseEnvFile } from './env-file.ts';
import { CountersignError } from './errors.ts';
import { checkIsWhole, checkKeyId, checkSecret, type KeyMaterial } from './key-material.ts';
import { type WatchedFileOptions, watchFile } from './watched-file.ts';

/** Where one text comes from, each time that it is used. */
export interface SecretSource {
  /** @throws {@link CountersignError} when there is none, or it is not to be used */
  current(): Secret;
  /** Whether another one may come without the program being started again. */
  readonly isReloadable: boolean;
  /** Why what is there now was not taken, while an earlier one is kept. */
  fault(): CountersignError | undefined;
}

/** Where key id, secret and passphrase come from together, so that they always belong together. */
export interface KeySource {
  /** @throws {@link CountersignError} when there is none, or it is not to be used */
  current(): KeyMaterial;
  readonly isReloadable: boolean;
  fault(): CountersignError | undefined;
}

/** Takes a text from an environment variable, as it is at each use. */
export function secretFromEnv(name: string): SecretSource {
  return {
    isReloadable: false,
    fault: () => undefined,
    current() {
      const text = process.env[name];
      if (text === undefined || text === '') {
        // Who gives the secret itself for the name must not find it in the log.
        const shown = /^[A-Z][A-Z0-9_]{0,63}$/.test(name) ? ` ${name}` : '';
        throw new CountersignError('secret_unreadable', `The environment variable${shown} is not set.`);
      }
      return new Secret(text);
    },
  };
}

/**
 * Takes a text from a file that only its owner can read: all of it, less a line end. Looks at each use whether the file
 * changed. To change it, write another file and rename it: a file that is written in place may be read half.
 */
export function secretFromFile(path: string, options: WatchedFileOptions = {}): SecretSource {
  const file = watchFile(
    path,
    (content) => {
      const text = content.replace(/\r?\n$/, '');
      checkIsWhole(text);
      return new Secret(text);
    },
    options,
  );
  return { isReloadable: true, current: file.current, fault: file.fault };
}

/**
 * Takes `COUNTERSIGN_KEY_ID`, `COUNTERSIGN_SECRET` and `COUNTERSIGN_PASSPHRASE` from an env file that only its owner can
 * read, as `countersign keys create --out bot.env` writes it. Looks at each use whether the file changed. Other names
 * are left alone.
 */
export function keyFromEnvFile(path: string, options: WatchedFileOptions = {}): KeySource {
  const file = watchFile(
    path,
    (content): KeyMaterial => {
      const values = parseEnvFile(path, content);
      const secret = values.get('COUNTERSIGN_SECRET') ?? '';
      const keyId = values.get('COUNTERSIGN_KEY_ID') ?? '';
      if (secret === '') throw lacking(path, 'COUNTERSIGN_SECRET');
      checkSecret(secret);
      if (keyId !== '') checkKeyId(keyId);
      const passphrase = values.get('COUNTERSIGN_PASSPHRASE');
      return {
        keyId,
        secret: new Secret(secret),
        passphrase: passphrase === undefined ? undefined : new Secret(passphrase),
      };
    },
    options,
  );
  return { isReloadable: true, current: file.current, fault: file.fault };
}

/** What may be given for a text: itself, or where it comes from. A literal in a program's source is seen by many. */
export type SecretInput = string | Secret | SecretSource;

/** Puts together what is given apart. */
export function keyFromParts(
  keyId: SecretInput | undefined,
  secret: SecretInput,
  passphrase: SecretInput | undefined,
): KeySource {
  const id = keyId === undefined ? undefined : sourceOf(keyId);
  const proof = sourceOf(secret);
  const phrase = passphrase === undefined ? undefined : sourceOf(passphrase);
  const all = [proof, id, phrase].filter((source) => source !== undefined);
  return {
    isReloadable: all.some(({ isReloadable }) => isReloadable),
    fault: () => all.map((source) => source.fault()).find((fault) => fault !== undefined),
    current: () => ({
      keyId: id === undefined ? '' : secretOf(id).expose(),
      secret: secretOf(proof),
      passphrase: phrase === undefined ? undefined : secretOf(phrase),
    }),
  };
}

function sourceOf(input: SecretInput): SecretSource {
  if (typeof input === 'object' && input !== null && 'current' in input) return input;
  const secret = typeof input === 'string' ? new Secret(input) : input;
  return { isReloadable: false, fault: () => undefined, current: () => secret };
}

/** Said by the types already; a program in JavaScript has none, and what Node says of a number quotes it. */
function secretOf(source: SecretSource): Secret {
  const secret: unknown = source.current();
  if (secret instanceof Secret) return secret;
  throw new CountersignError(
    'options_invalid',
    'keyId, secret and passphrase are each a text, or what secretFromEnv or secretFromFile gives.',
  );
}

function lacking(path: string, name: string): CountersignError {
  return new CountersignError('secret_unreadable', `${path} cannot be taken: it has no ${name}.`);
}
