/** What an exchange hands out: the forms of its access keys and of its secrets, as whole texts. */
export interface ExchangeForms {
  readonly name: string;
  /** How the exchange is called in names, paths and the lines before. */
  readonly mention: RegExp;
  readonly key: RegExp;
  readonly secret: RegExp;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX_32 = /^[0-9a-f]{32}$/i;
const HEX_64 = /^[0-9a-f]{64}$/i;
/** 64 bytes in base64. */
const BASE64_OF_64 = /^[A-Za-z0-9+/]{86}==$/;

/**
 * Exchanges whose dialect Countersign speaks. None of these forms is promised by an exchange: they were taken from
 * keys in the exchanges' own pages and in programs that were published. So a secret of another form is found by how
 * random it is, where the name before it is plain.
 */
export const EXCHANGES: readonly ExchangeForms[] = [
  { name: 'binance', mention: /binance/i, key: /^[A-Za-z0-9]{64}$/, secret: /^[A-Za-z0-9]{64}$/ },
  { name: 'bitget', mention: /bitget/i, key: /^bg_[0-9a-f]{32}$/, secret: HEX_64 },
  { name: 'okx', mention: /okx|okex/i, key: UUID, secret: HEX_32 },
  { name: 'bybit', mention: /bybit/i, key: /^[A-Za-z0-9]{18}$/, secret: /^[A-Za-z0-9]{36}$/ },
  { name: 'kucoin', mention: /kucoin/i, key: /^[0-9a-f]{24}$/, secret: UUID },
  {
    name: 'coinbase',
    mention: /coinbase/i,
    key: /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|organizations\/[0-9a-f-]{36}\/apiKeys\/[0-9a-f-]{36})$/,
    secret: /^(?:[A-Za-z0-9+/]{86}==|[A-Za-z0-9]{32})$/,
  },
  { name: 'kraken', mention: /kraken/i, key: /^[A-Za-z0-9+/]{56}$/, secret: BASE64_OF_64 },
  { name: 'gate', mention: /gate[._-]?io|gate[_-]|\bgate\b/i, key: HEX_32, secret: HEX_64 },
  { name: 'bitfinex', mention: /bitfinex/i, key: /^[A-Za-z0-9]{43}$/, secret: /^[A-Za-z0-9]{43}$/ },
  {
    name: 'cryptocom',
    mention: /crypto[._-]?com/i,
    key: /^[A-Za-z0-9]{22}$/,
    secret: /^(?:cxakp_)?[A-Za-z0-9]{22}$/,
  },
  {
    name: 'htx',
    mention: /\bhtx|htx\b|_htx|htx_|huobi/i,
    key: /^[0-9a-z]{8,10}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{5}$/,
    secret: /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{5}$/,
  },
  { name: 'mexc', mention: /mexc/i, key: /^mx0[A-Za-z0-9]{15}$/, secret: HEX_32 },
];

/** The exchange that is named in a text, the last one where there are several. */
export function exchangeNamedIn(text: string): ExchangeForms | undefined {
  let last: ExchangeForms | undefined;
  let lastAt = -1;
  for (const exchange of EXCHANGES) {
    for (const { index } of text.matchAll(new RegExp(exchange.mention, 'gi'))) {
      if (index > lastAt) [last, lastAt] = [exchange, index];
    }
  }
  return last;
}

/** Whether some exchange's secrets have this form. */
export function hasSecretForm(value: string): boolean {
  return EXCHANGES.some(({ secret }) => secret.test(value));
}
