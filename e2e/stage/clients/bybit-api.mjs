import { RestClientV5 } from 'bybit-api';

/** By itself it returns refusals as if they were answers; with `throwExceptions` it throws them. */
export const make = ({ url, key, more }) =>
  new RestClientV5({
    key: key.id,
    secret: key.secret ?? key.privateKey,
    baseUrl: url,
    throwExceptions: true,
    ...more,
  });
