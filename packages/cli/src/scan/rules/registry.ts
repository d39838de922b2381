import { exchangeKeys, exchangePassphrases, exchangeSecrets } from './exchange-secrets.ts';
import { frontEndSecrets } from './front-end.ts';
import { ownIds, ownSecrets } from './own-credentials.ts';
import { curveKeys, privateKeys } from './private-keys.ts';
import type { SecretRule } from './secret-rule.ts';

/** All rules. Where several find the same text, the first one reports it. */
export const RULES: readonly SecretRule[] = [
  ownSecrets,
  privateKeys,
  curveKeys,
  frontEndSecrets,
  exchangeSecrets,
  exchangeKeys,
  exchangePassphrases,
  ownIds,
];

/** Rules that a look-alike does not fool: they are run on binary files too. */
export const CERTAIN_RULES: readonly SecretRule[] = [ownSecrets, privateKeys, ownIds];
