import { createHmac, randomBytes } from 'node:crypto';
import { mintId } from '../packages/core/dist/index.js';
import { sealedName } from '../packages/engine/dist/credentials/compile-credential.js';
import { seal, unseal } from '../packages/engine/dist/index.js';
import { IP, KEY, orderBody, PASSPHRASE, TARGET } from './exchange.mjs';

const BATCH = 5_000;
const TAG_KEY = 'service/id-tag-key';

/** The secret of the n-th key: computed, so that a million of them need not be kept. */
function secretOf(n) {
  return `cs_live_${String(n).padStart(49, '0')}`;
}

/**
 * Stores many keys, straight into the store and in large commits: each with an id, a label and an account of its
 * own, and a secret of its own that is sealed like any other.
 *
 * @returns the ids
 */
export async function populate({ store, keyring }, count, changes = {}) {
  const tagKey = await unseal(keyring, TAG_KEY, await store.sealedItem(TAG_KEY));
  const ids = [];
  for (let first = 0; first < count; first += BATCH) {
    const records = [];
    for (let n = first; n < Math.min(count, first + BATCH); n++) {
      records.push(await recordOf(n, mintId('live', tagKey, randomBytes), keyring, changes));
    }
    // They have nothing that ends, as the service would have found: so there is no appointment to keep.
    const dueAt = new Map(records.map(({ id }) => [id, null]));
    await store.commit({ records, entries: [], dueAt });
    for (const { id } of records) ids.push(id);
  }
  return ids;
}

async function recordOf(n, id, keyring, changes) {
  const plaintext = Buffer.from(JSON.stringify({ secret: secretOf(n), passphrase: PASSPHRASE }));
  const version = {
    version: 1,
    createdAt: Date.now(),
    retiresAt: null,
    sealed: await seal(keyring, sealedName(id, 1), plaintext),
    tokenHash: null,
    publicKey: null,
  };
  const { passphrase: _, ...key } = KEY;
  return {
    ...key,
    id,
    accountId: `acct_${String(n).padStart(7, '0')}`,
    label: `grid bot ${String(n).padStart(7, '0')}`,
    constraints: {},
    metadata: {},
    standing: 'active',
    createdAt: Date.now(),
    expiresAt: null,
    secretVersions: [version],
    revision: 0,
    ...changes,
  };
}

/** A freshly signed request with the n-th key: an order, or, with `isRead`, a look at the balance. */
export function requestOf(n, id, { isRead = false, ip = IP } = {}) {
  const method = isRead ? 'GET' : 'POST';
  const target = isRead ? '/api/v2/spot/account/assets' : TARGET;
  const body = isRead ? Buffer.alloc(0) : orderBody();
  const timestamp = String(Date.now());
  const mac = createHmac('sha256', secretOf(n)).update(timestamp + method + target);
  return {
    method,
    target,
    headers: [
      'Host',
      'api.example.com',
      'Content-Type',
      'application/json',
      'ACCESS-KEY',
      Buffer.from(id).toString('latin1'), // A text of its own, as the wire gives it.
      'ACCESS-SIGN',
      mac.update(body).digest('base64'),
      'ACCESS-TIMESTAMP',
      timestamp,
      'ACCESS-PASSPHRASE',
      PASSPHRASE,
      'User-Agent',
      'python-requests/2.32.3',
    ],
    body,
    ip,
  };
}
