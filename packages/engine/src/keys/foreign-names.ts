import { idInToken, lookupOfForeignToken, readAddress } from '@countersign/core';
import type { ImportInput, KeyInput } from './key-input.ts';

/** The names under which an imported key is looked up, beside an id of ours. */
export function foreignNames(input: ImportInput, isOurs: boolean): string[] {
  const names = isOurs ? [] : [input.id];
  if (input.kind === 'bearer' && idInToken(input.secret ?? '') === undefined) {
    names.push(lookupOfForeignToken(input.secret ?? ''));
  }
  names.push(...addressesOf(input).filter((address) => !names.includes(address)));
  return names;
}

/** Requests do not name a key on secp256k1: its address is recovered from their signatures. */
export function addressesOf({ kind, publicKey = '' }: KeyInput): string[] {
  const address = kind === 'secp256k1' ? readAddress(publicKey.trim()) : undefined;
  return address === undefined ? [] : [address];
}
