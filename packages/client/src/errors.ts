import type { DenialCode } from '@countersign/core';

/** What can go wrong, and what to do about it. Append-only: callers switch on these. */
export const ADVICE = {
  browser_refused: 'Sign on a server of yours, and let the page ask that: a browser cannot keep a secret.',
  options_invalid: 'Correct the option that the message names.',
  key_id_invalid:
    'Give the id of the key, which begins with ck_ where Countersign issued it, and nothing else.',
  secret_invalid:
    'Give the secret as it was shown when the key was made: whole, and without quotes or spaces.',
  passphrase_invalid: 'Give the passphrase that the key was made with, without spaces around it.',
  secret_unreadable: 'Make sure that the file or variable is there and holds what its name says.',
  secret_exposed: 'Run chmod 600 on the file, and rotate the key: others could read its secret.',
  request_invalid: 'Correct the request: what the message names cannot be sent, or cannot be signed.',
  origin_refused:
    'Make a client of its own for each origin: a signature is sent to no other than its baseUrl.',
  secret_in_url: 'Take the secret out of the URL: addresses are logged everywhere; it is never sent at all.',
  plaintext_refused: 'Use https: whoever listens could read and change the request.',
  redirected: 'Give the address to which the server points as baseUrl, if it is the one you mean to talk to.',
  connection_failed: 'Check baseUrl and the network: nothing was sent.',
  connection_lost:
    'Find out whether the request had an effect before you send it again, unless it carries an Idempotency-Key.',
  timeout:
    'Find out whether the request had an effect before you send it again, unless it carries an Idempotency-Key.',
  tls_failed:
    'Check the host name in baseUrl; name a private authority in NODE_EXTRA_CA_CERTS; never turn the check off.',
  answer_unexpected: 'Check baseUrl: what answers there is not the API, but something before it.',
  answer_too_large: 'Ask for less at once, or raise maxAnswerBytes.',
  answer_unverified:
    'Do not use the answer: it may be forged, and whether the request had an effect is not known.',
  clock_off: 'Set the clock of this machine, and keep it set (NTP).',
  rate_limited: 'Wait as long as retryAfterMs says, and send fewer requests.',
  unavailable: 'Try again later; if the request could have had an effect, look first.',
  replayed:
    'Look whether it had its effect before you send it again; where nonces rise, give each program a key of its own.',
  refused: 'Compare the key, its secret and its permissions with what the service has for it.',
} as const;

export type CountersignErrorCode = keyof typeof ADVICE;

/** What to do about a refusal, one sentence each. */
const ADVICE_OF_DENIAL: Partial<Readonly<Record<DenialCode, string>>> = {
  credential_unknown: 'Check the key id, and whether this is the environment that the key belongs to.',
  environment_mismatch: 'Use a key of this environment: live and test have keys of their own.',
  passphrase_mismatch: 'Give the passphrase that the key was made with.',
  signature_mismatch: 'Give the secret that belongs to this key id; if it was rotated, the new one.',
  algorithm_not_allowed: 'Sign with the kind of key that is registered under this id.',
  dialect_not_allowed: 'Use a dialect that the key may speak, or issue a key for this one.',
  credential_disabled: 'Enable the key, or use another one.',
  credential_expired: 'Issue a new key: this one has expired.',
  credential_quarantined: 'Ask whoever runs the service: the key is frozen because its use looked strange.',
  account_frozen: 'Ask whoever runs the service: the account is frozen.',
  ip_not_allowed: 'Send from an address on the list of the key, or add this one to the list.',
  route_unknown: 'Check method and path: the service knows no such route.',
  permission_denied: 'Give the key the permission that the route needs, or use another key.',
  constraint_violated: 'Stay within the limits of the key, or have them changed.',
  step_up_required: 'Confirm with a second factor, and send the request again.',
  body_too_large: 'Send less at once.',
};

/** What else is known of a failure. */
export interface CountersignErrorDetails {
  /** The HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** What the refusal can mean: several where the exchange says the same of several. */
  readonly denials?: readonly DenialCode[] | undefined;
  /** Ms after which a try can succeed, where the server said so. */
  readonly retryAfterMs?: number | undefined;
  /** The system's own code of a failed connection, like `ECONNREFUSED`. */
  readonly system?: string | undefined;
  /** The answer, where there was one. */
  readonly answer?: Response | undefined;
}

/**
 * Everything that this package throws. Holds no secret, no signature, no header and no body: what other layers
 * threw is not kept as a cause, because they quote what they were given.
 */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code: CountersignErrorCode;
  /** What to do about it, in one sentence. */
  readonly advice: string;
  readonly status: number | undefined;
  readonly denials: readonly DenialCode[];
  readonly retryAfterMs: number | undefined;
  readonly system: string | undefined;
  readonly #answer: Response | undefined;

  constructor(code: CountersignErrorCode, message: string, details: CountersignErrorDetails = {}) {
    super(message);
    const { status, denials = [], retryAfterMs, system, answer } = details;
    this.code = code;
    this.advice = adviceFor(code, denials);
    this.status = status;
    this.denials = denials;
    this.retryAfterMs = retryAfterMs;
    this.system = system;
    this.#answer = answer;
  }

  /**
   * The answer that was refused or not understood, to be read once. A server can say back what it was told, so that no
   * printing of the error shows it, and you should not either.
   */
  answer(): Response | undefined {
    return this.#answer;
  }
}

function adviceFor(code: CountersignErrorCode, denials: readonly DenialCode[]): string {
  // Where an exchange says the same of several, they stand in the order in which they are found out.
  const known = code === 'refused' ? denials.map((denial) => ADVICE_OF_DENIAL[denial]) : [];
  return known.find((advice) => advice !== undefined) ?? ADVICE[code];
}
