import { UsageError } from './command-error.ts';

const WHY =
  'A command line can be read by every program of this machine (ps) and is kept by the shell: ' +
  'what stood there counts as known to others, so take a new one.';

/** Options that would carry something secret, and what to write in their place. */
const REFUSED: Readonly<Record<string, string>> = {
  '--passphrase': 'Use --passphrase-file FILE, --passphrase-prompt or --passphrase-generate.',
  '--secret': 'Use --secret-file FILE, or --secret-file - for standard input.',
  '--private-key':
    'The private key stays with its owner: give --public-key-file FILE, or --generate --out FILE.',
  '--token': 'Set COUNTERSIGN_SECRET in the environment, or use --env-file FILE.',
};

/** An HMAC secret or a bearer token of Countersign. An id (`ck_`) is public. */
const OURS = /c[sb]_(?:live|test)_[0-9A-Za-z]{40,}/;

/**
 * Refuses a command line that holds a secret, without repeating it.
 *
 * @throws {@link UsageError} that says what to do
 */
export function refuseSecretsInArgv(args: readonly string[]): void {
  // What stands behind `--` are options of a program that is to be run.
  const own = args.includes('--') ? args.indexOf('--') : args.length;
  for (const [i, arg] of args.entries()) {
    const name = arg.split('=', 1)[0] as string;
    const advice = i < own && Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
    if (advice !== undefined) throw new UsageError(`There is no option ${name}. ${WHY}\n${advice}`);
    if (OURS.test(arg)) {
      throw new UsageError(
        `The command line holds a secret of Countersign, and needs none: an API key's id begins with ck_. ${WHY}`,
      );
    }
  }
}
