import { RestClientV2 } from 'bitget-api';

export const make = ({ url, key, more }) =>
  new RestClientV2({ apiKey: key.id, apiSecret: key.secret, apiPass: key.passphrase, baseUrl: url, ...more });
