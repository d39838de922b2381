import { hasChecksum, ISSUED_FORMS, type IssuedKind } from '@countersign/core/credential';
import type { Hit, ScannedText, SecretRule } from './secret-rule.ts';

const NAMES: Readonly<Record<IssuedKind, string>> = {
  id: 'id of a Countersign key (public; its secret may be near)',
  hmac_secret: 'HMAC secret of Countersign',
  bearer_token: 'bearer token of Countersign',
};

/**
 * Finds what Countersign issued. The checksum makes a look-alike as good as impossible (one in 2^32), so neither
 * names nor borders are asked for. Whether it is valid still, only the service knows.
 */
export const ownSecrets: SecretRule = {
  id: 'countersign-secret',
  level: 'error',
  description: 'A secret or bearer token that Countersign issued, told from look-alikes by its checksum.',
  find: (scanned) => issued(scanned, (kind) => kind !== 'id'),
};

export const ownIds: SecretRule = {
  id: 'countersign-id',
  level: 'note',
  description: 'An id of a Countersign key, told from look-alikes by its checksum. Ids are public.',
  find: (scanned) => issued(scanned, (kind) => kind === 'id'),
};

function* issued({ text }: ScannedText, isWanted: (kind: IssuedKind) => boolean): Iterable<Hit> {
  for (const { kind, pattern } of ISSUED_FORMS) {
    if (!isWanted(kind)) continue;
    for (const match of text.matchAll(new RegExp(pattern, 'g'))) {
      if (!hasChecksum(match[0])) continue;
      const { index } = match;
      const found = { start: index, end: index + match[0].length, detail: NAMES[kind] };
      yield kind === 'id' ? { ...found, isPublic: true } : found;
    }
  }
}
