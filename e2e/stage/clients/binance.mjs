import { MainClient } from 'binance';

export const make = ({ url, key, more }) =>
  new MainClient({ api_key: key.id, api_secret: key.secret ?? key.privateKey, baseUrl: url, ...more });
