import { RestClient } from 'okx-api';

export const make = ({ url, key, more }) =>
  new RestClient({ apiKey: key.id, apiSecret: key.secret, apiPass: key.passphrase, baseUrl: url, ...more });
