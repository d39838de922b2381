import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isEncrypted } from '../env/encrypted-env.ts';
import { faultsIn } from '../env/env-text.ts';
import { isReadableByOthers, readPublicFile } from '../private-file.ts';
import { type Fact, factsOf } from './fact.ts';

const fact = factsOf('files');
const DAY_MS = 86_400_000;
/** A secret that is older has been seen by more eyes than anybody remembers. */
const OLD_DAYS = 365;
const STICKY = 0o1000;

/** A file with a secret in it, and the option that named it. */
export interface SecretFile {
  readonly option: string;
  readonly path: string;
  readonly isEnv: boolean;
}

/** Who can read a file with a secret, who can put another one in its place, how old it is, and what is wrong in it. */
export async function fileFacts({ option, path, isEnv }: SecretFile, nowMs: number): Promise<Fact[]> {
  const stat = statOf(path);
  // A path that leads nowhere is not repeated: it may be a secret that was given in the wrong place.
  if (stat === undefined) return [fact(option, 'wrong', 'there is no such file', 'Correct the path.')];
  if (!stat.isFile()) return [fact(option, 'wrong', 'is no file', 'Correct the path.')];
  const text = await readPublicFile(path).catch(() => undefined);
  if (text === undefined) return [fact(option, 'wrong', 'cannot be read', 'See who owns it, and its mode.')];
  const days = Math.floor((nowMs - stat.mtimeMs) / DAY_MS);
  return [
    isEnv && isEncrypted(text) ? fact(option, 'good', 'is encrypted') : modeFact(option, stat),
    ...ownerFacts(option, stat, statOf(dirname(path))),
    days > OLD_DAYS
      ? fact(
          option,
          'notice',
          `was last changed ${days} days ago`,
          'Rotate keys now and then: countersign keys rotate ID --out FILE --replace.',
        )
      : fact(option, 'good', `was last changed ${days <= 0 ? 'today' : `${days} days ago`}`),
    ...(isEnv && !isEncrypted(text) ? faultsIn(text) : []).map(({ line, message }) =>
      fact(option, 'wrong', `line ${line}: ${shown(message)}`, 'Correct the line.'),
    ),
  ];
}

function modeFact(option: string, { mode }: Stats): Fact {
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return isReadableByOthers(mode)
    ? fact(
        option,
        'wrong',
        `can be read by others (mode ${octal})`,
        'Run chmod 600 on it, and rotate the key: others could read its secret.',
      )
    : fact(option, 'good', `can be read by its owner alone (mode ${octal})`);
}

function ownerFacts(option: string, file: Stats, folder: Stats | undefined): Fact[] {
  const facts: Fact[] = [];
  const own = process.getuid?.();
  if (own !== undefined && file.uid !== own) {
    facts.push(fact(option, 'notice', 'belongs to another user, who can change it', 'Run chown on it.'));
  }
  const isOpen = folder !== undefined && (folder.mode & 0o022) !== 0 && (folder.mode & STICKY) === 0;
  if (isOpen && own !== undefined) {
    facts.push(
      fact(option, 'wrong', 'others can put another file in its place', 'Run chmod go-w on its folder.'),
    );
  }
  return facts;
}

/** A name of a variable is shown; what stands before a "=" and is no name may be anything. */
function shown(message: string): string {
  return /^(?:is no|[A-Z_][A-Z0-9_]{0,60} )/.test(message) ? message : 'a variable has a fault';
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // Said by its absence.
  }
}
