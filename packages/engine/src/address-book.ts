import { type AddressBytes, parseAddress } from '@countersign/core';

/** Reads addresses, and remembers the last few thousand: the same peers come again and again. */
export interface AddressBook {
  parse(text: string): AddressBytes | undefined;
}

const CAPACITY = 10_000;

export function createAddressBook(): AddressBook {
  const known = new Map<string, AddressBytes | undefined>();
  return {
    parse(text) {
      const there = known.get(text);
      if (there !== undefined) return there;
      const address = parseAddress(text);
      if (known.size >= CAPACITY) known.clear();
      known.set(text, address);
      return address;
    },
  };
}
