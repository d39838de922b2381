import ccxt from 'ccxt';
import { makeCcxt } from '../ccxt-at.mjs';

/** ccxt knows every exchange, so this file has nothing about any of them. */
export const make = (options) => makeCcxt(ccxt, options);
