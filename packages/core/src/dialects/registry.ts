import { bearer } from './bearer.ts';
import { binance } from './binance.ts';
import { bitget } from './bitget.ts';
import type { Dialect } from './dialect.ts';
import { mexc } from './mexc.ts';
import { okx } from './okx.ts';
import { rfc9421 } from './rfc9421.ts';

/** All dialects, in the order in which a request is offered to them. */
export const DIALECTS: readonly Dialect[] = [bitget, okx, binance, mexc, rfc9421, bearer];

export function dialectNamed(name: string): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.name === name);
}
