import { CountersignError } from '@countersign/client';
import type { Context } from '../context.ts';
import { createBotClient } from '../signing/bot-client.ts';
import type { BotKey } from '../signing/bot-key.ts';
import type { SignerFlags } from '../signing/signer-options.ts';
import { faultOf } from '../signing/signing-fault.ts';
import { type Fact, factsOf } from './fact.ts';

const key = factsOf('key');
const address = factsOf('address');

/** A request that its giver says is harmless. */
export interface Probe {
  readonly method: string;
  readonly url: URL;
}

/** Sends one signed request, and learns from its answer what a bot can learn of its key. */
export async function probeFacts(
  { clock }: Context,
  { method, url }: Probe,
  bot: BotKey,
  signer: SignerFlags,
): Promise<Fact[]> {
  try {
    const client = createBotClient(bot, signer, { origin: url.origin, clock });
    const { ok, status } = await client.fetch(url.href, { method });
    if (!ok) {
      const text = `the server answered ${status}, which neither takes the key nor refuses it`;
      return [key('probe', 'unknown', text), address('allowed', 'unknown', text)];
    }
    return [
      key('probe', 'good', `a signed request was taken (${status})`),
      address('allowed', 'good', 'a signed request from here was taken'),
    ];
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const { code, message, advice, denials } = faultOf(error);
    const isAddress = denials.includes('ip_not_allowed');
    return [
      key('probe', 'wrong', `${code}: ${message}`, advice),
      isAddress
        ? address('allowed', denials.length === 1 ? 'wrong' : 'unknown', message, advice)
        : address('allowed', 'unknown', 'the probe was not taken, and not for its address'),
    ];
  }
}
