import { type Denial, denial } from '../denial.ts';
import type { WireRequest } from '../message.ts';

/** Exchanges take no form near this length. */
const MAX_BYTES = 64 * 1024;

/**
 * Says that a body is too long for a dialect that looks for its proof among the parameters: it is taken apart before
 * anything is known of its sender, and a form of a million fields would hold everybody up.
 */
export function faultInSize({ body }: Pick<WireRequest, 'body'>): Denial | undefined {
  return body.length > MAX_BYTES
    ? denial('body_too_large', `A body of this dialect has at most ${MAX_BYTES} bytes.`)
    : undefined;
}
