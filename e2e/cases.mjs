import { BITGET } from './cases/bitget.mjs';
import { OKX } from './cases/okx.mjs';

/** All cases, per exchange, in groups: the demo prints them as a table, the tests run them one by one. */
export const CASES = { bitget: BITGET, okx: OKX };
