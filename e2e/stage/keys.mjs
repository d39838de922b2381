import { makePair } from './key-pairs.mjs';
import { STORIES, standardProfiles, wrongKeys } from './key-profiles.mjs';

const PASSPHRASE = 'sandbox-Pass-1';

/**
 * Issues the keys of one exchange's customers through the management API, and changes them as their stories
 * want it.
 *
 * @param definition the exchange's `keys`, see `exchanges/README.md`
 * @returns per name `{ id, secret, passphrase, privateKey, publicKey, kind, dialect, accountId, expiresAt }`, of
 *   which a key has what its kind has
 */
export async function issueKeys(service, definition) {
  const profiles = { ...standardProfiles(definition), ...definition.more };
  const keys = {};
  for (const [name, profile] of Object.entries(profiles)) {
    if (profile !== undefined) keys[name] = await issueKey(service, definition, name, profile);
  }
  for (const [name, story] of Object.entries(STORIES)) {
    if (keys[name] === undefined) continue;
    const { id, kind } = keys[name];
    const change = (verb, body) => service.call('POST', `/v1/keys/${encodeURIComponent(id)}/${verb}`, body);
    await story(change, () => freshProof(definition, name, kind));
  }
  return { ...keys, ...wrongKeys(keys), ...definition.wrong?.(keys) };
}

async function issueKey(service, definition, name, profile) {
  const wanted = {
    accountId: `acct_${name}`,
    label: name,
    environment: 'live',
    kind: 'hmac',
    dialects: [definition.dialect],
    ...(definition.passphrase === false ? {} : { passphrase: PASSPHRASE }),
    ...(await definition.proof?.(name)),
    ...(typeof profile === 'function' ? await profile(name) : profile),
  };
  const pair = wanted.publicKey === undefined ? makePair(wanted.kind) : {};
  // A private key is the customer's alone: the service never sees it.
  const { privateKey, forClient, ...body } = { ...pair, ...wanted };
  // Who brings an id along has it from elsewhere, and imports the key.
  const made = await service.call('POST', body.id === undefined ? '/v1/keys' : '/v1/keys/import', body);
  const { kind, secret, passphrase, publicKey } = body;
  const { id, accountId, expiresAt } = made;
  const [dialect] = body.dialects ?? [definition.dialect];
  const proof = { secret: made.secret ?? secret, passphrase, publicKey, privateKey };
  return { id, ...proof, kind, dialect, accountId, expiresAt, ...forClient };
}

/** A rotation of a key pair needs the new public key. The client goes on with the old private one. */
async function freshProof({ proof }, name, kind) {
  const { publicKey } = (await proof?.(name)) ?? {};
  return publicKey === undefined ? { publicKey: makePair(kind).publicKey } : { publicKey };
}
