import { type Dialect, dialectTable, type Manifest, type Permission } from '@countersign/core';

/** Lists what in the policy of a permission no key could live with, or has no effect, by the field's name. */
export function contradictionsIn({ risk, policy }: Permission): { field: string; message: string }[] {
  if (policy === undefined) return [];
  const faults: { field: string; message: string }[] = [];
  const { maxLifetimeMs, expiryWithoutAddressListMs, coolDownMs, idleExpiryMs } = policy;
  if (policy.needsAddressList === true && expiryWithoutAddressListMs !== undefined) {
    const message = 'never holds, because "needsAddressList" lets no key be without one';
    faults.push({ field: 'expiryWithoutAddressList', message });
  } else if (isLonger(expiryWithoutAddressListMs, maxLifetimeMs)) {
    const message = 'never holds, because "maxLifetime" is shorter';
    faults.push({ field: 'expiryWithoutAddressList', message });
  }
  if (isAsLong(coolDownMs, maxLifetimeMs)) {
    const message = 'every key would expire before it cooled down: "maxLifetime" must be longer';
    faults.push({ field: 'coolDown', message });
  }
  if (isAsLong(coolDownMs, idleExpiryMs)) {
    const message = 'a key would expire, unused, before it cooled down: "idleExpiry" must be longer';
    faults.push({ field: 'coolDown', message });
  }
  if (risk === 'critical' && policy.outlivesExpiryMs !== undefined) {
    const message = 'a permission of critical risk ends with its key: this is for closing what is open';
    faults.push({ field: 'outlivesExpiry', message });
  }
  return faults;
}

/**
 * Lists the permissions whose keys need addresses to withdraw to, although no route declares the fact that these are held
 * against: such a list is refused, and so is a key without one. Where no fact at all is declared, callers give them.
 */
export function addressesWithoutFact({
  permissions,
  facts,
}: Pick<Manifest, 'permissions' | 'facts'>): string[] {
  if (facts.size === 0 || facts.has('address')) return [];
  return [...permissions.values()].flatMap(({ name, policy }) =>
    policy?.needsWithdrawalAddresses === true ? [name] : [],
  );
}

/** Lists the permissions whose kinds of keys cannot sign in any dialect that customers may speak. */
export function kindsWithoutDialect({
  dialects,
  ownDialects,
  permissions,
}: Pick<Manifest, 'dialects' | 'ownDialects' | 'permissions'>): { name: string; message: string }[] {
  const table = dialectTable(ownDialects);
  const spoken = dialects?.map((name) => table.named(name)) ?? table.all;
  const signs = (kind: string) =>
    spoken.some((dialect) => dialect !== undefined && kind in (dialect as Dialect).schemes);
  return [...permissions.values()].flatMap(({ name, policy }) => {
    // A list without a kind is a fault of its own.
    if (policy?.kinds === undefined || policy.kinds.length === 0 || policy.kinds.some(signs)) return [];
    const message = `no dialect under "dialects" signs with a key of kind ${policy.kinds.join(' or ')}`;
    return [{ name, message }];
  });
}

function isLonger(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && a > b;
}

function isAsLong(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && a >= b;
}
