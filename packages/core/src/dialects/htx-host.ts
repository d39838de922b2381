import { REPEATED, singleHeader, type WireRequest } from '../message.ts';
import type { ReadContext } from './dialect.ts';

const HOST = /^[a-z0-9.-]{1,255}(?::\d{1,5})?$/;

/**
 * The host name that HTX's clients sign, in small letters and without the port of HTTPS: the one under which the API
 * is published or, where none is configured, that of `Host`. Undefined when `Host` is missing, there twice, or no name.
 */
export function signedHost({ headers }: WireRequest, { publicHost }: ReadContext): string | undefined {
  const host = publicHost ?? singleHeader(headers, 'host');
  if (host === undefined || host === REPEATED) return undefined;
  const lower = host.toLowerCase();
  return HOST.test(lower) ? lower.replace(/:443$/, '') : undefined;
}
