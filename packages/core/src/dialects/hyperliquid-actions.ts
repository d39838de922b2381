import type { Environment } from '../credential/credential.ts';
import { type Denial, denial, malformed } from '../denial.ts';
import { keccak256 } from '../schemes/secp256k1.ts';
import { hasRepeatedName, jsonMembers } from './json-members.ts';
import { packJson } from './message-pack.ts';
import { type TypedMember, typedDataBytes } from './typed-data.ts';

type FieldType = Exclude<TypedMember['type'], 'bytes32'>;

interface UserSignedAction {
  readonly typeName: string;
  /** What is signed after `hyperliquidChain`, in this order. The last one is the nonce. */
  readonly fields: readonly (readonly [name: string, type: FieldType])[];
}

const SEND = [
  ['destination', 'string'],
  ['amount', 'string'],
  ['time', 'uint64'],
] as const;
const STAKE = [
  ['wei', 'string'],
  ['nonce', 'uint64'],
] as const;

/**
 * The actions that are signed field by field and not as a whole: those that ccxt and the npm package hyperliquid send.
 * Any other action is one of the chain's own (`L1`). That `wei` is a text is the npm package's form; it is not checked
 * against Hyperliquid.
 */
const USER_SIGNED: ReadonlyMap<string, UserSignedAction> = new Map(
  Object.entries({
    usdSend: { typeName: 'UsdSend', fields: SEND },
    withdraw3: { typeName: 'Withdraw', fields: SEND },
    spotSend: { typeName: 'SpotSend', fields: [SEND[0], ['token', 'string'], SEND[1], SEND[2]] },
    usdClassTransfer: {
      typeName: 'UsdClassTransfer',
      fields: [
        ['amount', 'string'],
        ['toPerp', 'bool'],
        ['nonce', 'uint64'],
      ],
    },
    approveAgent: {
      typeName: 'ApproveAgent',
      fields: [
        ['agentAddress', 'address'],
        ['agentName', 'string'],
        ['nonce', 'uint64'],
      ],
    },
    approveBuilderFee: {
      typeName: 'ApproveBuilderFee',
      fields: [
        ['maxFeeRate', 'string'],
        ['builder', 'address'],
        ['nonce', 'uint64'],
      ],
    },
    userDexAbstraction: {
      typeName: 'UserDexAbstraction',
      fields: [
        ['user', 'address'],
        ['enabled', 'bool'],
        ['nonce', 'uint64'],
      ],
    },
    userSetAbstraction: {
      typeName: 'UserSetAbstraction',
      fields: [
        ['user', 'address'],
        ['abstraction', 'string'],
        ['nonce', 'uint64'],
      ],
    },
    cDeposit: { typeName: 'CDeposit', fields: STAKE },
    cWithdraw: { typeName: 'CWithdraw', fields: STAKE },
  } satisfies Record<string, UserSignedAction>),
);

/** What is signed of a request, besides its nonce: JSON texts, as they stand in it. */
export interface SignedParts {
  readonly action: string;
  readonly nonce: string;
  /** 40 hex digits. */
  readonly vault: string | undefined;
  readonly expiresAfter: string | undefined;
}

/** The bytes that are signed, or what is wrong with the action. */
export function signedBytes(parts: SignedParts, environment: Environment): Buffer | Denial {
  const members = jsonMembers(parts.action);
  if (members === undefined) return malformed('action is no object.');
  if (hasRepeatedName(members)) return malformed('action has a name twice.');
  const values = new Map(members.map(({ name, value }) => [name, value]));
  const type = textOf(values.get('type'));
  if (type === undefined) return malformed('action has no type.');
  const userSigned = USER_SIGNED.get(type);
  return userSigned === undefined
    ? chainBytes(parts, environment)
    : userSignedBytes(userSigned, values, parts, environment);
}

/** What is signed of an action of the chain: the hash of its MessagePack, with nonce, vault and end behind it. */
function chainBytes(
  { action, nonce, vault, expiresAfter }: SignedParts,
  environment: Environment,
): Buffer | Denial {
  const packed = packJson(action);
  if (packed === undefined) {
    return malformed(
      'action holds a number that is not whole, a name twice, a text that is not Unicode, or too many levels.',
    );
  }
  const data = [packed, bytesOf(nonce)];
  if (vault === undefined) data.push(Buffer.of(0));
  else data.push(Buffer.of(1), Buffer.from(vault, 'hex'));
  if (expiresAfter !== undefined) data.push(Buffer.of(0), bytesOf(expiresAfter));
  const connectionId = `0x${keccak256(Buffer.concat(data)).toString('hex')}`;
  return typedDataBytes({ name: 'Exchange', version: '1', chainId: 1337n }, 'Agent', [
    { name: 'source', type: 'string', value: environment === 'live' ? 'a' : 'b' },
    { name: 'connectionId', type: 'bytes32', value: connectionId },
  ]);
}

function bytesOf(uint64: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(uint64));
  return bytes;
}

/**
 * What is signed of a user's action: its fields by name, in an order of their own. So it may hold nothing but them, and
 * the nonce of the request must be the one that is signed; a vault, or an end of its time, would not be.
 */
function userSignedBytes(
  { typeName, fields }: UserSignedAction,
  values: ReadonlyMap<string, string>,
  { nonce, vault, expiresAfter }: SignedParts,
  environment: Environment,
): Buffer | Denial {
  if (vault !== undefined || expiresAfter !== undefined) {
    return malformed('vaultAddress and expiresAfter are not signed with this action.');
  }
  const known = new Set(['type', 'signatureChainId', 'hyperliquidChain', ...fields.map(([name]) => name)]);
  const unknown = [...values.keys()].find((name) => !known.has(name));
  if (unknown !== undefined)
    return malformed(`action holds ${JSON.stringify(unknown)}, which is not signed.`);
  const chainId = textOf(values.get('signatureChainId')) ?? '';
  if (!/^0x[1-9a-f][0-9a-f]{0,15}$/.test(chainId)) return malformed('signatureChainId is no chain in hex.');
  const chain = textOf(values.get('hyperliquidChain'));
  if (chain !== (environment === 'live' ? 'Mainnet' : 'Testnet')) {
    return denial('environment_mismatch', 'hyperliquidChain is another one.', { part: 'key' });
  }
  const members: TypedMember[] = [{ name: 'hyperliquidChain', type: 'string', value: chain }];
  for (const [name, type] of fields) {
    const value = fieldValue(type, values.get(name) ?? (name === 'agentName' ? '""' : undefined));
    if (value === undefined) return malformed(`${name} is missing, or no ${type}.`);
    members.push({ name, type, value });
  }
  if (members.at(-1)?.value !== nonce) return malformed('The nonce is not the one of the action.');
  const domain = { name: 'HyperliquidSignTransaction', version: '1', chainId: BigInt(chainId) };
  return typedDataBytes(domain, `HyperliquidTransaction:${typeName}`, members);
}

function fieldValue(type: FieldType, json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  switch (type) {
    case 'uint64':
      return isUint64(json) ? json : undefined;
    case 'bool':
      return json === 'true' || json === 'false' ? json : undefined;
    case 'address': {
      const address = addressDigits(json);
      return address === undefined ? undefined : `0x${address}`;
    }
    default:
      return textOf(json);
  }
}

/** Whether a JSON text is a whole number of 64 bits without a sign. */
export function isUint64(json: string): boolean {
  return /^(?:0|[1-9]\d{0,19})$/.test(json) && BigInt(json) < 2n ** 64n;
}

/** The 40 digits of an address in JSON. Some clients leave the `0x` out, and some write capitals as a checksum. */
export function addressDigits(json: string): string | undefined {
  return /^"(?:0x)?([0-9a-fA-F]{40})"$/.exec(json)?.[1]?.toLowerCase();
}

/** The text of a JSON string that is Unicode; undefined for anything else. */
export function textOf(json: string | undefined): string | undefined {
  if (json === undefined || !json.startsWith('"')) return undefined;
  const text = JSON.parse(json) as string;
  return /\p{Surrogate}/u.test(text) ? undefined : text;
}
