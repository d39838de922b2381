import {
  CREDENTIAL_KINDS,
  type CredentialKind,
  type Permission,
  type Policy,
  RISKS,
  type Risk,
} from '@countersign/core';
import { contradictionsIn } from './contradictions.ts';
import { readDuration } from './durations.ts';
import type { ManifestFields, Path } from './manifest-fields.ts';

const NAME = /^[a-z][a-z0-9_.-]{0,63}$/;

/** Reads `permissions`, and of each its policy. */
export function readPermissions(value: unknown, fields: ManifestFields): Map<string, Permission> {
  const permissions = new Map<string, Permission>();
  for (const [name, given] of Object.entries(fields.mapping(value, ['permissions']))) {
    const path = ['permissions', name];
    if (!NAME.test(name))
      fields.fault(path, `${JSON.stringify(name)} is no permission name (a-z, 0-9, "_", "." and "-")`);
    const { risk, description, policy } = fields.mapping(given, path, ['risk', 'description', 'policy']);
    if (!RISKS.includes(risk as Risk))
      fields.fault([...path, 'risk'], `"risk" must be one of ${RISKS.join(', ')}`);
    if (description !== undefined && typeof description !== 'string') {
      fields.fault([...path, 'description'], '"description" must be a text');
    }
    const permission: Permission = {
      name,
      risk: risk as Risk,
      description: description as string | undefined,
      policy: policy === undefined ? undefined : readPolicy(policy, [...path, 'policy'], fields),
    };
    for (const { field, message } of contradictionsIn(permission)) {
      fields.fault([...path, 'policy', field], message);
    }
    permissions.set(name, permission);
  }
  return permissions;
}

const FLAGS = ['needsAddressList', 'needsWithdrawalAddresses'] as const;
/** Fields whose value is a duration, and the member that keeps it in ms. */
const DURATIONS = {
  maxLifetime: 'maxLifetimeMs',
  expiryWithoutAddressList: 'expiryWithoutAddressListMs',
  idleExpiry: 'idleExpiryMs',
  rotateEvery: 'rotateEveryMs',
  stepUp: 'stepUpMs',
  coolDown: 'coolDownMs',
  outlivesExpiry: 'outlivesExpiryMs',
} as const;

function readPolicy(value: unknown, path: Path, fields: ManifestFields): Policy {
  const given = fields.mapping(value, path, [...FLAGS, ...Object.keys(DURATIONS), 'kinds']);
  const policy: Record<string, unknown> = {};
  for (const name of FLAGS) {
    if (given[name] === undefined) continue;
    if (typeof given[name] !== 'boolean') fields.fault([...path, name], `"${name}" must be true or false`);
    policy[name] = given[name];
  }
  for (const [name, member] of Object.entries(DURATIONS)) {
    if (given[name] !== undefined) policy[member] = readDuration(given[name], [...path, name], fields);
  }
  if (given.kinds !== undefined) policy.kinds = readKinds(given.kinds, [...path, 'kinds'], fields);
  return policy;
}

function readKinds(value: unknown, path: Path, fields: ManifestFields): CredentialKind[] {
  const kinds = fields.list(value, path);
  if (kinds.length === 0) fields.fault(path, 'without a kind, no key could be made');
  for (const [i, kind] of kinds.entries()) {
    if (CREDENTIAL_KINDS.includes(kind as CredentialKind)) continue;
    fields.fault([...path, i], `${JSON.stringify(kind)} is not one of ${CREDENTIAL_KINDS.join(', ')}`);
  }
  return kinds as CredentialKind[];
}
