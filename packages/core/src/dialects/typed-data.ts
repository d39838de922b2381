import { keccak256 } from '../schemes/secp256k1.ts';

/** A member of a struct of EIP-712, with its value: text, digits, `true`/`false`, or `0x…` by its type. */
export interface TypedMember {
  readonly name: string;
  readonly type: 'string' | 'uint64' | 'bool' | 'address' | 'bytes32';
  readonly value: string;
}

/** What a domain is told by. The contract is always the zero address. */
export interface TypedDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: bigint;
}

const DOMAIN_TYPE = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';
const NO_CONTRACT = word(0n);

/**
 * The 66 bytes that are hashed and signed for a struct (EIP-712): `0x1901`, the domain's hash, and the struct's.
 *
 * It does not check that values fit their types.
 */
export function typedDataBytes(
  domain: TypedDomain,
  typeName: string,
  members: readonly TypedMember[],
): Buffer {
  const type = `${typeName}(${members.map(({ type, name }) => `${type} ${name}`).join(',')})`;
  const domainHash = keccak256(
    Buffer.concat([
      hashOf(DOMAIN_TYPE),
      hashOf(domain.name),
      hashOf(domain.version),
      word(domain.chainId),
      NO_CONTRACT,
    ]),
  );
  const structHash = keccak256(Buffer.concat([hashOf(type), ...members.map(encoded)]));
  return Buffer.concat([Buffer.of(0x19, 0x01), domainHash, structHash]);
}

function encoded({ type, value }: TypedMember): Buffer {
  switch (type) {
    case 'string':
      return hashOf(value);
    case 'bool':
      return word(value === 'true' ? 1n : 0n);
    default:
      return word(BigInt(value));
  }
}

function hashOf(text: string): Buffer {
  return keccak256(Buffer.from(text, 'utf8'));
}

function word(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex');
}
