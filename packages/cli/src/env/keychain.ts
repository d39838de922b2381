import { CommandError } from '../command-error.ts';

const SERVICE = 'countersign';

interface Entry {
  getPassword(): string | null;
  setPassword(text: string): void;
  deletePassword(): boolean;
}

/**
 * The system's keychain: Keychain on macOS, the Credential Manager on Windows, the Secret Service on a Linux desktop.
 * A server has none, as a rule: a file of mode 0600 is the way there.
 *
 * @throws {@link CommandError} where there is none
 */
export async function readFromKeychain(name: string): Promise<string> {
  const text = await withEntry(name, (entry) => entry.getPassword());
  if (text === null)
    throw new CommandError(
      `The keychain has no entry ${name}. Store one with: countersign env store ${name} FILE`,
    );
  return text;
}

export async function storeInKeychain(name: string, text: string): Promise<void> {
  await withEntry(name, (entry) => entry.setPassword(text));
}

/** Takes an entry away. Says whether there was one. */
export async function forgetInKeychain(name: string): Promise<boolean> {
  return withEntry(name, (entry) => entry.getPassword() !== null && entry.deletePassword());
}

async function withEntry<T>(name: string, use: (entry: Entry) => T): Promise<T> {
  const none = (why: string) =>
    new CommandError(
      `There is no keychain to use here (${why}). Keep the secret in a file of mode 0600, and use --env-file FILE.`,
    );
  let keyring: { Entry: new (service: string, account: string) => Entry };
  try {
    keyring = await import('@napi-rs/keyring');
  } catch {
    throw none('its driver is not installed: npm install @napi-rs/keyring');
  }
  try {
    return use(new keyring.Entry(SERVICE, name));
  } catch (error) {
    throw none((error as Error).message.replace(/[\s.]+$/, ''));
  }
}
