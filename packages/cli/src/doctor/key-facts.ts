import { contains, type Dialect, parseAddress, parseNetwork } from '@countersign/core';
import type { ApiKey } from '../keys/api-key.ts';
import { instant } from '../tables.ts';
import { type Fact, factsOf } from './fact.ts';

const key = factsOf('key');
const address = factsOf('address');
const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

const ADVICE: Readonly<Record<ApiKey['status'], string | undefined>> = {
  active: undefined,
  disabled: 'Enable it (countersign keys enable ID), or use another one.',
  quarantined: 'Find out why it was frozen, and release it (countersign keys release ID) or revoke it.',
  expired: 'Issue a new key.',
  revoked: 'Issue a new key: this one is gone for good.',
};

/** What the service says of a key: status, end, dialects and secrets. */
export function keyFacts(record: ApiKey, dialect: Dialect | undefined, nowMs: number): Fact[] {
  const { status, dialects } = record;
  const facts = [
    key('status', status === 'active' ? 'good' : 'wrong', status, ADVICE[status]),
    expiryFact(record, nowMs),
    ...retirementFacts(record),
  ];
  if (dialect === undefined || dialects === null || dialects.includes(dialect.name)) return facts;
  const text = `the key may speak ${dialects.join(', ')}, and not ${dialect.name}`;
  return [
    ...facts,
    key('dialect', 'wrong', text, 'Use a dialect that the key may speak, or issue another key.'),
  ];
}

function expiryFact({ expiresAt, status }: ApiKey, nowMs: number): Fact {
  if (expiresAt === null) return key('expires', 'good', 'never');
  const days = Math.floor((Date.parse(expiresAt) - nowMs) / DAY_MS);
  const text = `${instant(expiresAt)}, ${days < 0 ? `${-days} days ago` : `in ${days} days`}`;
  if (status === 'expired' || days < 0) return key('expires', 'wrong', text, ADVICE.expired);
  return days <= SOON_DAYS
    ? key('expires', 'notice', text, 'Issue the key that is to follow it, and change over before.')
    : key('expires', 'good', text);
}

function retirementFacts({ secretVersions }: ApiKey): Fact[] {
  const ending = secretVersions.find(({ retiresAt }) => retiresAt !== null);
  if (ending === undefined || ending.retiresAt === null) return [];
  const text = `version ${ending.version} is taken until ${instant(ending.retiresAt)}, and the new one now`;
  return [key('secret', 'notice', text, 'See that the bot has the new secret before.')];
}

/**
 * Whether a key may be used from here.
 *
 * @param seenAs this machine's address as the service sees it; undefined where it does not tell
 */
export function addressFact({ allowedIps, lastUsedIp }: ApiKey, seenAs: string | undefined): Fact {
  if (allowedIps === null) return address('allowed', 'good', 'from any address');
  const list = allowedIps.join(', ');
  const seen = seenAs === undefined ? undefined : parseAddress(seenAs);
  if (seen === undefined) {
    const last = lastUsedIp === null ? '' : `; the key was last used from ${lastUsedIp}`;
    return address(
      'allowed',
      'unknown',
      `from ${list}; the service did not tell from which address it sees this machine${last}`,
    );
  }
  const isAllowed = allowedIps.some((text) => {
    const network = parseNetwork(text);
    return network !== undefined && contains(network, seen);
  });
  return isAllowed
    ? address('allowed', 'good', `from ${list}, and the service sees this machine as ${seenAs}`)
    : address(
        'allowed',
        'wrong',
        `from ${list} alone, and the service sees this machine as ${seenAs}`,
        'Send from an address on the list of the key, or add this one to the list.',
      );
}
