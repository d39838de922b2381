import { type ClaimPart, type Denial, denial } from '../denial.ts';
import { type HeaderName, REPEATED } from '../message.ts';

/** A header that a dialect needs, once, and the part of the credential that it carries. */
export interface ProofHeader extends HeaderName {
  readonly part?: ClaimPart | undefined;
}

const MAX_LENGTH = 512;

/** Says what is wrong with the headers that carry a proof, given their values in the same order; or nothing. */
export function faultInProofHeaders(
  headers: readonly ProofHeader[],
  values: readonly (string | undefined | typeof REPEATED)[],
): Denial | undefined {
  for (let i = 0; i < headers.length; i++) {
    const value = values[i];
    const { usual, part } = headers[i] as ProofHeader;
    if (value === REPEATED) return denial('malformed_request', `${usual} occurs twice.`, { part });
    if (value === undefined || value === '') {
      return denial('credential_missing', `${usual} is missing or empty.`, { part });
    }
    if (value.length > MAX_LENGTH && part !== 'signature') {
      return denial('malformed_request', `${usual} is longer than ${MAX_LENGTH} characters.`, { part });
    }
  }
  return undefined;
}
