import { type Drawn, passphrase, privatePem, sealed } from './drawn.ts';

/** A true secret, and the names that people give it. */
export interface TrueSecret {
  /** The row of the table that it counts in. */
  readonly kind: string;
  /** Which rule has to report it. */
  readonly rule: string;
  /** As an environment variable is called. */
  readonly variable: string;
  /** As a member of an object is called. */
  readonly member: string;
  /** What the object around it is called or made by. */
  readonly owner: string;
  readonly value: string;
}

const HEX_LOWER = (drawn: Drawn, count: number) => drawn.hex(count);

/** Secrets and access keys of each exchange, in the forms that its own keys have. */
const EXCHANGE_VALUES: Readonly<
  Record<string, readonly [secret: (d: Drawn) => string, key: (d: Drawn) => string]>
> = {
  binance: [(d) => d.text(64), (d) => d.text(64)],
  bitget: [(d) => HEX_LOWER(d, 64), (d) => `bg_${d.hex(32)}`],
  okx: [(d) => d.hex(32).toUpperCase(), (d) => d.uuid()],
  bybit: [(d) => d.text(36), (d) => d.text(18)],
  kucoin: [(d) => d.uuid(), (d) => d.hex(24)],
  coinbase: [(d) => d.base64(64), (d) => d.hex(32)],
  kraken: [(d) => d.base64(64), (d) => d.base64(42)],
  gate: [(d) => d.hex(64), (d) => d.hex(32)],
  bitfinex: [(d) => d.text(43), (d) => d.text(43)],
  htx: [(d) => htxPart(d), (d) => htxPart(d)],
  mexc: [(d) => d.hex(32), (d) => `mx0${d.text(15)}`],
};

const htxPart = (d: Drawn) => `${d.hex(8)}-${d.hex(8)}-${d.hex(8)}-${d.hex(5)}`;

/** Draws one secret of each kind. */
export function drawSecrets(drawn: Drawn): TrueSecret[] {
  return [...ours(drawn), ...exchanges(drawn), ...keys(drawn), ...frontEnd(drawn)];
}

function ours(drawn: Drawn): TrueSecret[] {
  const E = drawn.pick(['live', 'test']);
  const row = { kind: 'secrets of Countersign', rule: 'countersign-secret', owner: 'client' };
  return [
    { ...row, variable: 'COUNTERSIGN_SECRET', member: 'secret', value: sealed(`cs_${E}_${drawn.text(43)}`) },
    // Nothing in the name says that it is a secret.
    { ...row, variable: 'DATA', member: 'value', value: sealed(`cs/${E}/${drawn.text(46)}`) },
    { ...row, variable: 'TOKEN', member: 'token', value: sealed(`cb_${E}_${drawn.text(79)}`) },
  ];
}

function exchanges(drawn: Drawn): TrueSecret[] {
  return Object.entries(EXCHANGE_VALUES).flatMap(([name, [secret, key]]): TrueSecret[] => {
    const upper = name.toUpperCase();
    const member = drawn.pick(['secret', 'apiSecret', 'secretKey', 'api_secret']);
    const variable = `${upper}_${drawn.pick(['API_SECRET', 'SECRET', 'SECRET_KEY', 'APISECRET'])}`;
    return [
      {
        kind: 'secrets of exchanges',
        rule: 'exchange-secret',
        variable,
        member,
        owner: name,
        value: secret(drawn),
      },
      {
        kind: 'access keys of exchanges',
        rule: 'exchange-key',
        variable: `${upper}_API_KEY`,
        member: drawn.pick(['apiKey', 'api_key', 'apikey']),
        owner: name,
        value: key(drawn),
      },
      ...(['bitget', 'okx', 'kucoin'].includes(name)
        ? [
            {
              kind: 'passphrases of exchanges',
              rule: 'exchange-passphrase',
              variable: `${upper}_PASSPHRASE`,
              member: 'passphrase',
              owner: name,
              value: passphrase(drawn),
            },
          ]
        : []),
    ];
  });
}

function keys(drawn: Drawn): TrueSecret[] {
  const row = {
    kind: 'private keys in PEM',
    rule: 'private-key',
    variable: 'SIGNING_KEY',
    member: 'pem',
    owner: 'signer',
  };
  const hex = { kind: 'private keys in hexadecimal', rule: 'curve-private-key', owner: 'wallet' };
  return [
    { ...row, value: privatePem(drawn, 'ed25519') },
    { ...row, value: privatePem(drawn, 'secp256k1') },
    { ...row, value: privatePem(drawn, 'rsa') },
    { ...row, value: privatePem(drawn, 'openssh') },
    { ...row, value: Buffer.from(privatePem(drawn, 'ed25519')).toString('base64') },
    { ...hex, variable: 'AGENT_PRIVATE_KEY', member: 'privateKey', value: `0x${drawn.hex(64)}` },
    { ...hex, variable: 'WALLET_KEY', member: 'walletKey', value: drawn.hex(64) },
  ];
}

function frontEnd(drawn: Drawn): TrueSecret[] {
  return ['VITE', 'NEXT_PUBLIC', 'REACT_APP'].map((prefix) => {
    const variable = `${prefix}_${drawn.pick(['API_SECRET', 'BACKEND_SECRET', 'ACCESS_TOKEN', 'PRIVATE_KEY'])}`;
    return {
      kind: 'secrets that are inlined',
      rule: 'front-end-secret',
      variable,
      member: variable,
      owner: 'import.meta.env',
      value: drawn.text(24),
    };
  });
}
