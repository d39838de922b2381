import { contains, type Network } from '@countersign/core';

/** Whether every address of a network lies in one of the others, exactly: two halves cover their whole. */
export function isCovered(network: Network, by: readonly Network[]): boolean {
  if (by.some((wider) => wider.prefix <= network.prefix && contains(wider, network.bytes))) return true;
  const inside = by.filter((narrower) => contains(network, narrower.bytes));
  if (inside.length < 2) return false;
  return halvesOf(network).every((half) => isCovered(half, inside));
}

function halvesOf({ bytes, prefix }: Network): Network[] {
  const upper = bytes.map((byte, i) => (i === prefix >> 3 ? byte | (0x80 >> (prefix & 7)) : byte));
  return [bytes, upper].map((half) => ({ bytes: half, prefix: prefix + 1 }));
}
