import {
  type AddressBytes,
  contains,
  type Network,
  networkOf,
  networkText,
  parseNetwork,
} from '@countersign/core';

/** So many different addresses of one /24 are proposed as that network. Fewer are proposed one by one. */
export const MANY_IN_NETWORK = 8;
/** The most entries that a key's list can have. */
const MAX_ENTRIES = 100;

/**
 * Proposes the networks that some addresses need: IPv4 addresses one by one, or as their /24 where there are many of it;
 * IPv6 by its /64, because whoever holds one address of a /64 holds them all. Whatever address was given and lies within
 * the current list lies within the proposal, and nothing lies within the proposal that is outside of the current list.
 *
 * @param current the key's list; null: any address
 * @returns undefined where that takes more entries than a list can have
 */
export function proposeNetworks(
  addresses: readonly AddressBytes[],
  current: readonly string[] | null,
): readonly string[] | undefined {
  const allowed =
    current === null ? undefined : outermost(current.flatMap((text) => parseNetwork(text) ?? []));
  const usable =
    allowed === undefined ? addresses : addresses.filter((one) => allowed.some((net) => contains(net, one)));
  const groups = new Map<string, AddressBytes[]>();
  for (const address of usable) {
    const wide = networkText(wideNetwork(address));
    const group = groups.get(wide);
    if (group === undefined) groups.set(wide, [address]);
    else group.push(address);
  }
  const texts = [...groups.values()].flatMap((group) =>
    networksFor(group, allowed).map((network) => networkText(network)),
  );
  const proposal = [...new Set(texts)].sort();
  return proposal.length > MAX_ENTRIES ? undefined : proposal;
}

function wideNetwork(address: AddressBytes): Network {
  return networkOf(address, address.length === 4 ? 24 : 64);
}

/** Networks for addresses that all lie in one wide network. */
function networksFor(group: readonly AddressBytes[], allowed: readonly Network[] | undefined): Network[] {
  const [first] = group;
  if (first === undefined) return [];
  const distinct = new Set(group.map((address) => address.join('.'))).size;
  const wide = wideNetwork(first);
  if (first.length === 4 && distinct < MANY_IN_NETWORK) return group.map(alone);
  if (allowed === undefined || allowed.some((network) => isWithin(wide, network))) return [wide];
  // The list holds parts of the wide network only: those parts, and no more.
  return group.flatMap((address) => allowed.find((network) => contains(network, address)) ?? []);
}

/** Entries of a list may lie within each other: then the outer one says it all. */
function outermost(networks: readonly Network[]): readonly Network[] {
  return networks.filter(
    (inner) => !networks.some((outer) => outer.prefix < inner.prefix && isWithin(inner, outer)),
  );
}

function alone(address: AddressBytes): Network {
  return { bytes: address, prefix: address.length * 8 };
}

function isWithin(inner: Network, outer: Network): boolean {
  return outer.prefix <= inner.prefix && contains(outer, inner.bytes);
}
