import { CommandError } from './command-error.ts';

/** What is known of a change that was asked for when the call failed. */
export type Outcome = 'nothing_changed' | 'unknown';

/** A problem as the service describes it (RFC 9457), as far as this command uses it. */
export interface ProblemAnswer {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly errors: readonly { readonly pointer: string; readonly message: string }[];
  readonly retryAfter: string | undefined;
}

/** The call failed: refused by the service, or not answered as it should have been. */
export class ServiceError extends CommandError {
  override readonly name: string = 'ServiceError';
  readonly outcome: Outcome;

  constructor(message: string, outcome: Outcome) {
    super(message);
    this.outcome = outcome;
  }
}

/** The service refused. */
export class ProblemError extends ServiceError {
  override readonly name = 'ProblemError';
  readonly problem: ProblemAnswer;

  constructor(problem: ProblemAnswer, advice: readonly string[] = []) {
    super([problemText(problem), ...advice].join('\n'), outcomeOf(problem));
    this.problem = problem;
  }
}

/** A refusal changed nothing; a fault inside the service may have come after the change. */
function outcomeOf({ status, code }: ProblemAnswer): Outcome {
  return status >= 500 || code === 'idempotency_in_flight' ? 'unknown' : 'nothing_changed';
}

/** Which option sets a field, where that is not plain from the field's name. */
const OPTIONS_FOR: Readonly<Record<string, string>> = {
  '/passphrase': '--passphrase-file FILE, --passphrase-prompt or --passphrase-generate',
  '/publicKey': '--public-key-file FILE, or --generate --out FILE',
  '/secret': '--secret-file FILE',
};

/** Reads problem details leniently: a newer service may know codes and members that this command doesn't. */
export function readProblem(
  status: number,
  value: unknown,
  retryAfter: string | null | undefined,
): ProblemAnswer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, detail, title, requestId, errors } = value as Record<string, unknown>;
  if (typeof code !== 'string' || typeof detail !== 'string') return undefined;
  return {
    status,
    code,
    detail,
    title: typeof title === 'string' ? title : code,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
    retryAfter: retryAfter ?? undefined,
  };
}

function isFieldError(value: unknown): value is { pointer: string; message: string } {
  const { pointer, message } = (value ?? {}) as Record<string, unknown>;
  return typeof pointer === 'string' && typeof message === 'string';
}

function problemText({ code, title, detail, errors, requestId, retryAfter }: ProblemAnswer): string {
  // Where every fault has a line of its own, a detail that only strings them together is left out.
  const isRepeated = errors.length > 0 && errors.every(({ message }) => detail.includes(message));
  return [
    `${code}: ${isRepeated ? title : detail}`,
    ...errors.map(
      ({ pointer, message }) => `  ${pointer === '' ? 'the whole' : pointer} ${message}${optionFor(pointer)}`,
    ),
    ...(retryAfter === undefined ? [] : [`  Try again in ${retryAfter} s.`]),
    ...(requestId === undefined ? [] : [`  Request ${requestId}`]),
  ].join('\n');
}

function optionFor(pointer: string): string {
  const option = OPTIONS_FOR[pointer];
  return option === undefined ? '' : ` (${option})`;
}
