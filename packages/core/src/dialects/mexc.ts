import { denial } from '../denial.ts';
import { pathOf } from '../message.ts';
import type { Dialect } from './dialect.ts';
import { contract, MEXC_SCHEMES } from './mexc-contract.ts';
import { SPOT_ERRORS } from './mexc-errors.ts';
import { mexcLogin } from './mexc-login.ts';
import { exchangeError, jsonAnswer } from './refusals.ts';
import { signedParameters } from './signed-parameters.ts';
import { readMilliseconds } from './timestamps.ts';

const spot = signedParameters({
  name: 'mexc',
  schemes: MEXC_SCHEMES,
  keyHeader: 'X-MEXC-APIKEY',
  readTimestamp: readMilliseconds,
  webSocket: mexcLogin,
  refuse(refusal) {
    const { code, message, status } = exchangeError(SPOT_ERRORS, refusal);
    return jsonAnswer(status, { code: Number(code), msg: message }, refusal);
  },
});

/** Where a request that is yet to be signed goes says in which form. */
const CONTRACT_PREFIX = '/api/v1/';

/**
 * MEXC: two forms, told apart by their headers. Spot signs as Binance does, with HMAC-SHA256 in hex alone and a
 * timestamp in ms. Contract signs the key, the time, and the query or the body. Method, path and host are not covered.
 *
 * A request that has the headers of both is refused. The login inside a WebSocket is that of the contract API.
 */
export const mexc: Dialect = {
  ...spot,
  securityHeaders: [...spot.securityHeaders, ...contract.securityHeaders],
  recognises: (request) => spot.recognises(request) || contract.recognises(request),
  read(request) {
    if (!contract.recognises(request)) return spot.read(request);
    if (spot.recognises(request)) {
      return denial('malformed_request', 'The request has the headers of spot and of contract.', {
        part: 'key',
      });
    }
    return contract.read(request);
  },
  refuse(refusal, context) {
    const isContract = context.request !== undefined && contract.recognises(context.request);
    return isContract ? contract.refuse(refusal) : spot.refuse(refusal, context);
  },
  sign: (request, key, context) =>
    pathOf(request.target).startsWith(CONTRACT_PREFIX)
      ? contract.sign(request, key, context.nowMs)
      : spot.sign(request, key, context),
};
