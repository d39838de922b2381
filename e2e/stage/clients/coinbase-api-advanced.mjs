import { Agent } from 'node:https';
import { CBAdvancedTradeClient } from 'coinbase-api';
import { asFromCoinbase } from '../../exchanges/coinbase-cdp/private-key.mjs';

/** The Advanced Trade client of the package coinbase-api. It takes its address for one with `https://`. */
export const make = ({ url, key, more }) =>
  new CBAdvancedTradeClient(
    { apiKey: key.id, apiSecret: asFromCoinbase(key), baseUrl: url, ...more },
    { httpsAgent: new Agent({ rejectUnauthorized: false }) },
  );
