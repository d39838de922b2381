import { createPublicKey } from 'node:crypto';
import {
  type Credential,
  type CredentialProfile,
  compileConstraints,
  type Expression,
  type KeySlab,
  type Manifest,
  type Network,
  OPERATOR_ACCOUNT,
  type Proof,
  parseNetwork,
  readAddress,
} from '@countersign/core';
import { compileExpression } from '../expression/compile-expression.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { CredentialRecord, SecretVersionRecord } from '../ports/record.ts';
import { unseal } from './envelope.ts';
import { knownFacts } from './known-facts.ts';
import { shortestOf } from './shortest-of.ts';

/** What is sealed for a secret version: the secret of an `hmac` credential, and any kind's passphrase. */
export interface SealedSecret {
  readonly secret?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** The name under which a secret version is sealed. */
export function sealedName(credentialId: string, version: number): string {
  return `credential/${credentialId}/${version}`;
}

const NO_METADATA = Object.freeze({});
const MAX_PROFILES = 10_000;

/** Turns stored records into what the decision needs. Profiles that are alike are one object. */
export class CredentialCompiler {
  readonly #keyring: Keyring;
  readonly #slab: KeySlab;
  readonly #manifest: Manifest | undefined;
  readonly #report: (fault: unknown) => void;
  readonly #profiles = new Map<string, CredentialProfile>();

  /**
   * @param manifest says what policies demand of permissions; absent: nothing
   * @param report is told of what is stored and cannot be used as it is meant
   */
  constructor(
    keyring: Keyring,
    slab: KeySlab,
    manifest: Manifest | undefined,
    report: (fault: unknown) => void,
  ) {
    this.#keyring = keyring;
    this.#slab = slab;
    this.#manifest = manifest;
    this.#report = report;
  }

  /** Opens the live secrets of a record. Whoever drops the result releases its keys. */
  async compile(record: CredentialRecord, nowMs: number): Promise<Credential> {
    const proofs: Proof[] = [];
    try {
      for (const [i, version] of record.secretVersions.entries()) {
        if (version.retiresAt !== null && version.retiresAt <= nowMs) continue;
        const replacedAt = record.secretVersions[i - 1]?.createdAt;
        const proof = await openProof(this.#keyring, this.#slab, record.id, version, replacedAt);
        if (proof !== undefined) proofs.push(proof);
      }
    } catch (error) {
      for (const proof of proofs) proof.key?.release();
      throw error;
    }
    return {
      id: record.id,
      accountId: record.accountId,
      label: record.label,
      metadata: Object.keys(record.metadata).length === 0 ? NO_METADATA : record.metadata,
      profile: this.#profileOf(record),
      standing: record.standing,
      expiresAt: record.expiresAt ?? undefined,
      revision: record.revision,
      // A copy is as long as it must be; what was pushed to has room for sixteen more.
      proofs: proofs.slice(),
    };
  }

  #profileOf(record: CredentialRecord): CredentialProfile {
    const { environment, kind, dialects, permissions, allowedIps, rateLimits, constraints } = record;
    const { nonceWindow = 0, addressesSince = {} } = record;
    // Permissions of operators may be called like a manifest's, and no manifest has a say in them.
    const manifest = record.accountId === OPERATOR_ACCOUNT ? undefined : this.#manifest;
    const usableFrom = usableFromOf(record, manifest);
    const idleExpiryMs = shortestOf('idleExpiryMs', record, manifest);
    const parts = { environment, kind, permissions, rateLimits, nonceWindow };
    const isOperator = record.accountId === OPERATOR_ACCOUNT;
    const restrictions = [dialects, allowedIps, constraints, addressesSince, usableFrom, idleExpiryMs];
    const key = JSON.stringify([parts, isOperator, restrictions]);
    const there = this.#profiles.get(key);
    if (there !== undefined) return there;
    if (this.#profiles.size >= MAX_PROFILES) this.#profiles.clear();
    const profile: CredentialProfile = {
      ...parts,
      dialects: dialects ?? undefined,
      allowedNetworks: networksOf(allowedIps),
      constraints: compileConstraints(constraints, addressesSince, this.#expressionOf(record)),
      usableFrom: usableFrom && new Map(usableFrom),
      idleExpiryMs,
    };
    this.#profiles.set(key, profile);
    return profile;
  }

  /** An expression that was right under another manifest may have no meaning under this one: then it allows nothing. */
  #expressionOf({ id, accountId, constraints }: CredentialRecord): Expression | undefined {
    const source = constraints.expression;
    if (source === undefined) return undefined;
    const compiled = compileExpression(source, knownFacts(accountId, this.#manifest));
    if (compiled.ok) return compiled.expression;
    this.#report(
      new Error(
        `The expression of ${id} and keys like it has a fault, so they allow nothing: ${compiled.message}`,
      ),
    );
    return { source, evaluate: () => 'fault' };
  }
}

/** From when on permissions may be used that cool down, in pairs; undefined when none does. */
function usableFromOf(
  { permissions, widenedAt = null }: CredentialRecord,
  manifest: Manifest | undefined,
): [string, number][] | undefined {
  if (widenedAt === null) return undefined;
  const cooling = permissions.flatMap((name): [string, number][] => {
    const coolDownMs = manifest?.permissions.get(name)?.policy?.coolDownMs;
    return coolDownMs === undefined ? [] : [[name, widenedAt + coolDownMs]];
  });
  return cooling.length === 0 ? undefined : cooling;
}

/**
 * Opens the proof material of a secret version. Undefined when there is none left. Whoever drops it releases its key.
 *
 * @param replacedAt when a newer version took its place, in ms since 1970; absent: none did
 */
export async function openProof(
  keyring: Keyring,
  slab: KeySlab,
  id: string,
  version: SecretVersionRecord,
  replacedAt?: number,
): Promise<Proof | undefined> {
  const { sealed, tokenHash, publicKey } = version;
  if (sealed === null && tokenHash === null && publicKey === null) return undefined;
  let key: Proof['key'];
  if (sealed !== null) {
    const plaintext = await unseal(keyring, sealedName(id, version.version), sealed);
    const { secret = '', passphrase = '' } = JSON.parse(plaintext.toString('utf8')) as SealedSecret;
    plaintext.fill(0);
    key = slab.store(Buffer.from(secret, 'utf8'), passphrase);
  }
  return {
    version: version.version,
    retiresAt: version.retiresAt ?? undefined,
    key,
    tokenHash: tokenHash ?? undefined,
    // Most are current: they need no room for it.
    ...(replacedAt === undefined ? {} : { replacedAt }),
    ...(publicKey === null ? {} : publicProof(publicKey)),
  };
}

function networksOf(texts: readonly string[] | null): Network[] | undefined {
  return texts?.map((text) => {
    const network = parseNetwork(text);
    if (network === undefined) throw new TypeError('a stored allowlist entry is no network');
    return network;
  });
}

/** A public key in PEM, or an address. */
function publicProof(text: string): Pick<Proof, 'publicKey' | 'address'> {
  const address = readAddress(text);
  return address === undefined ? { publicKey: createPublicKey(text) } : { address };
}

/** Gives the key material of a credential back, overwritten. */
export function releaseCredential(credential: Credential): void {
  for (const proof of credential.proofs) proof.key?.release();
}
