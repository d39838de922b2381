import { CountersignError } from './errors.ts';

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost|.+\.localhost)$/;
/** Shorter texts are found anywhere by chance. */
const SHORTEST_SOUGHT = 6;

/**
 * Reads the address that a client talks to, and no other.
 *
 * @throws {@link CountersignError} `options_invalid`, `plaintext_refused`
 */
export function readBaseUrl(text: string, dangerouslyAllowPlaintext: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CountersignError('options_invalid', 'baseUrl is no address that begins with https://.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new CountersignError('options_invalid', 'baseUrl has a user name, a query or a fragment.');
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname) && !dangerouslyAllowPlaintext) {
    throw new CountersignError('plaintext_refused', 'baseUrl is not https, and not this machine.');
  }
  return url;
}

/**
 * Finds the address of a request: relative ones begin with `/` and go below the path of `baseUrl`; absolute ones must
 * be of its origin. What comes back is spelt as it will be sent.
 *
 * @throws {@link CountersignError} `request_invalid`, `origin_refused`
 */
export function resolveTarget(input: string | URL, baseUrl: URL): URL {
  const url = parse(input, baseUrl);
  if (url === undefined)
    throw new CountersignError('request_invalid', 'The address of the request cannot be read.');
  if (url.origin !== baseUrl.origin) {
    throw new CountersignError(
      'origin_refused',
      `The client is for ${baseUrl.origin}, and the request is not.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new CountersignError(
      'request_invalid',
      'The address of the request has a user name or a password.',
    );
  }
  return url;
}

function parse(input: string | URL, baseUrl: URL): URL | undefined {
  const text = String(input);
  if (URL.canParse(text)) return new URL(text);
  // A second slash, or a backslash, would begin a host name.
  if (!text.startsWith('/') || /^\/[/\\]/.test(text)) return undefined;
  const prefix = baseUrl.pathname.replace(/\/$/, '');
  const absolute = baseUrl.origin + prefix + text;
  return URL.canParse(absolute) ? new URL(absolute) : undefined;
}

/** The target as it is sent: path and query. A fragment stays here, and a `?` with nothing behind it is left out. */
export function targetOf(url: URL): string {
  return url.pathname + url.search;
}

/**
 * Refuses an address that holds a secret, in any spelling that an address has for it.
 *
 * @throws {@link CountersignError} `secret_in_url`
 */
export function refuseSecretsIn(address: string, secrets: readonly (string | undefined)[]): void {
  if (!holdsSecret(address, secrets)) return;
  throw new CountersignError(
    'secret_in_url',
    'The address of the request holds the secret or the passphrase.',
  );
}

/** Whether an address holds one of some secrets. Host names are in lower case, whatever they were made of. */
export function holdsSecret(address: string, secrets: readonly (string | undefined)[]): boolean {
  const spellings = [address, percentDecoded(address), percentDecoded(address.replaceAll('+', ' '))];
  const folded = spellings.map((text) => text.toLowerCase());
  return secrets.some((secret) => {
    if (secret === undefined || secret.length < SHORTEST_SOUGHT) return false;
    return folded.some((text) => text.includes(secret.toLowerCase()));
  });
}

/** Undoes what can be undone, piece by piece. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}
