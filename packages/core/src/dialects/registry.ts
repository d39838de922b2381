import { bearer } from './bearer.ts';
import { binance } from './binance.ts';
import { bitfinex } from './bitfinex.ts';
import { bitget } from './bitget.ts';
import { bybit } from './bybit.ts';
import { coinbaseCdp } from './coinbase-cdp.ts';
import { coinbaseExchange } from './coinbase-exchange.ts';
import { cryptocom } from './cryptocom.ts';
import type { Dialect } from './dialect.ts';
import { gate } from './gate.ts';
import { htx } from './htx.ts';
import { hyperliquid } from './hyperliquid.ts';
import { kraken } from './kraken.ts';
import { krakenFutures } from './kraken-futures.ts';
import { kucoin } from './kucoin.ts';
import { mexc } from './mexc.ts';
import { okx } from './okx.ts';
import { rfc9421 } from './rfc9421.ts';
import { sigv4 } from './sigv4.ts';

/** All dialects, in the order in which a request is offered to them. */
export const DIALECTS: readonly Dialect[] = [
  bitget,
  okx,
  binance,
  mexc,
  bybit,
  gate,
  kraken,
  krakenFutures,
  bitfinex,
  kucoin,
  coinbaseExchange,
  rfc9421,
  sigv4,
  coinbaseCdp,
  bearer,
  hyperliquid,
  cryptocom,
  htx,
];

export function dialectNamed(name: string): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.name === name);
}

/** The dialects of an installation, found by name: those of this library, and an operator's own. */
export interface DialectTable {
  /** In the order in which a request is offered to them: an operator's own come first. */
  readonly all: readonly Dialect[];
  named(name: string): Dialect | undefined;
}

export function dialectTable(own: readonly Dialect[] = []): DialectTable {
  const all = [...own, ...DIALECTS];
  return { all, named: (name) => all.find((dialect) => dialect.name === name) };
}
