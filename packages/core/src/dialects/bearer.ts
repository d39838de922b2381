import { idInToken } from '../credential/id.ts';
import { type Denial, denial } from '../denial.ts';
import { REPEATED, singleHeader, type WireRequest } from '../message.ts';
import { sha256Hex } from '../schemes/hmac.ts';
import type { Claim, Dialect } from './dialect.ts';
import { problemAnswer } from './problem.ts';

const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
const MAX_TOKEN = 512;

/** The name under which a token of foreign form is looked up: its hash, because it carries no id. */
export function lookupOfForeignToken(token: string): string {
  return `sha256:${sha256Hex(token)}`;
}

/**
 * Bearer tokens (RFC 6750 section 2.1). Nothing of the request is covered: whoever sees one such request can
 * make any other until the token is rotated, and a replay cannot be told from honest use. For machines on a
 * trusted, encrypted path only.
 */
export const bearer: Dialect = {
  name: 'bearer',
  schemes: { bearer: { scheme: 'token', encoding: 'hex' } },
  hasPassphrase: false,
  securityHeaders: ['authorization'],
  replay: { kind: 'none' },
  uncovered: ['method', 'path', 'query', 'body', 'host'],

  recognises: (request) => {
    const value = singleHeader(request.headers, 'authorization');
    return value === REPEATED || (value !== undefined && /^Bearer\b/i.test(value));
  },

  read(request: WireRequest): Claim | Denial {
    const value = singleHeader(request.headers, 'authorization');
    if (value === REPEATED)
      return denial('malformed_request', 'Authorization occurs twice.', { part: 'key' });
    if (value === undefined)
      return denial('credential_missing', 'Authorization is missing.', { part: 'key' });
    const token = value.length > MAX_TOKEN ? undefined : BEARER.exec(value)?.[1];
    if (token === undefined) {
      return denial('malformed_request', 'Authorization must be "Bearer", a space and the token.', {
        part: 'key',
      });
    }
    return {
      ok: true,
      keyId: idInToken(token) ?? lookupOfForeignToken(token),
      signature: token,
      prehash: [],
    };
  },

  refuse: (refusal, context) => problemAnswer(refusal, context, 'Bearer realm="countersign"'),

  sign({ target, body }, key) {
    const use = this.schemes[key.kind];
    if (use === undefined) throw new TypeError(`bearer has no scheme for kind ${key.kind}`);
    return { target, headers: { Authorization: `Bearer ${key.sign(use, [])}` }, body };
  },
};
