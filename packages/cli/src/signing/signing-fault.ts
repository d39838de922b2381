import { CountersignError, type CountersignErrorCode } from '@countersign/client';
import type { DenialCode } from '@countersign/core';
import { CommandError } from '../command-error.ts';

/** What to do, where the client's advice speaks of a program's options. */
const HERE: Partial<Readonly<Record<CountersignErrorCode, string>>> = {
  redirected: 'Give the address to which the server points, if it is the one that you mean to talk to.',
  connection_failed: 'Check the address and the network: nothing was sent.',
  tls_failed:
    'Check the host name in the address; name a private authority in NODE_EXTRA_CA_CERTS; never turn the check off.',
  answer_unexpected: 'Check the address: what answers there is not the API, but something before it.',
  answer_too_large: 'Ask for less at once.',
  clock_off: 'Set the clock of this machine, and keep it set: see countersign clock.',
  rate_limited: 'Wait as long as the server says, and send fewer requests.',
};

/** A fault with its code, one sentence of advice, and the pages about it. Never holds a secret. */
export interface SigningFault {
  readonly code: CountersignErrorCode;
  readonly message: string;
  readonly advice: string;
  /** What a refusal can mean. */
  readonly denials: readonly DenialCode[];
}

export function faultOf({ code, message, advice, denials }: CountersignError): SigningFault {
  return {
    code,
    message: message.replaceAll('baseUrl', 'The address'),
    advice: HERE[code] ?? advice,
    denials,
  };
}

/** A fault in lines: its code and what happened, what to do, and where more is said. */
export function faultText({ code, message, advice, denials }: SigningFault): string {
  const pages = denials.map((denial) => `docs/errors/${denial}.md`);
  return [
    `${code}: ${message}`,
    `  ${advice}`,
    ...(pages.length === 0 ? [] : [`  More: ${pages.join(', ')}`]),
  ].join('\n');
}

/** Does something with the client, and says its faults as this command does. */
export async function explained<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw error instanceof CountersignError ? new CommandError(faultText(faultOf(error))) : error;
  }
}
