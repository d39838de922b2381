import { RestClient } from 'gateio-api';

export const make = ({ url, key, more }) =>
  new RestClient({ apiKey: key.id, apiSecret: key.secret, baseUrl: `${url}/api/v4`, ...more });
