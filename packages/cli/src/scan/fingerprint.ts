import { createHash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';

const DOMAIN = 'countersign scan v1';
/** 8 MiB and some 25 ms for each guess. */
const COST = { N: 8_192, r: 8, p: 1 };
const slowHash = promisify<string, string, number, typeof COST, Buffer>(scrypt);

/**
 * Makes fingerprints: the same for the same secret under the same rule, wherever it stands, so that files which are
 * committed can name a secret without holding it. What is drawn at random gets a plain hash. What a person thought
 * of gets a slow one: a weak passphrase can be guessed from it still, a guess each 25 ms.
 */
export function createFingerprints(): (
  rule: string,
  secret: string,
  isGuessable: boolean,
) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  return (rule, secret, isGuessable) => {
    const name = `${rule}\n${secret}`;
    let made = known.get(name);
    if (made === undefined) {
      made = isGuessable ? slow(name) : Promise.resolve(fast(name));
      known.set(name, made);
    }
    return made;
  };
}

function fast(name: string): string {
  return `f1-${createHash('sha256').update(`${DOMAIN}\n${name}`).digest('hex').slice(0, 32)}`;
}

async function slow(name: string): Promise<string> {
  return `s1-${(await slowHash(name, DOMAIN, 16, COST)).toString('hex')}`;
}
