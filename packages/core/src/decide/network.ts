import { type AddressBytes, contains } from '../address.ts';
import type { Credential } from '../credential/credential.ts';
import { type Denial, denial } from '../denial.ts';

/** Stage 7: does the request come from where the credential may be used? An unknown address never does. */
export function checkNetwork(credential: Credential, peer: AddressBytes | undefined): Denial | undefined {
  const { allowedNetworks } = credential.profile;
  if (allowedNetworks === undefined) return undefined;
  if (peer !== undefined && allowedNetworks.some((network) => contains(network, peer))) return undefined;
  return denial('ip_not_allowed', 'The credential may not be used from this address.');
}
