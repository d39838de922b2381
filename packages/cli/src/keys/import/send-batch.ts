import { setTimeout as pause } from 'node:timers/promises';
import type { KeyImportResult, KeyImportResults } from '@countersign/contract';
import type { ApiClient } from '../../api-client.ts';
import { ProblemError, ServiceError } from '../../service-error.ts';

/** What became of one key. */
export type Sent = Pick<KeyImportResult, 'status' | 'code' | 'detail'>;

/** How long it waits before it asks once more, in seconds. */
const WAITS = [1, 2, 4, 8, 15] as const;
/** Refusals of a whole call that may be about one key in it. */
const OF_A_KEY: ReadonlySet<string> = new Set(['invalid_json', 'invalid_body', 'body_too_large']);

interface Options {
  /** Whether the service answered before: one that never did is not waited for. */
  readonly hasAnswered: () => boolean;
  readonly onWait: (message: string) => void;
}

/**
 * Sends some keys and resolves with what became of each. Sent again when the service is away for a moment, which does
 * no harm: a key that is there is `already_there`. A call that is refused as a whole is cut in halves, until the key
 * that is at fault stands alone.
 *
 * @throws `ServiceError` when the service does not answer, or refuses the caller
 */
export async function sendBatch(
  api: ApiClient,
  keys: readonly unknown[],
  options: Options,
): Promise<readonly Sent[]> {
  try {
    return await insistently(api, keys, options);
  } catch (error) {
    if (!(error instanceof ProblemError) || !OF_A_KEY.has(error.problem.code)) throw error;
    const { code, detail } = error.problem;
    if (keys.length === 1) return [{ status: 'refused', code: code as Sent['code'], detail }];
    const middle = keys.length >> 1;
    return [
      ...(await sendBatch(api, keys.slice(0, middle), options)),
      ...(await sendBatch(api, keys.slice(middle), options)),
    ];
  }
}

async function insistently(
  api: ApiClient,
  keys: readonly unknown[],
  { hasAnswered, onWait }: Options,
): Promise<readonly Sent[]> {
  for (let attempt = 0; ; attempt++) {
    try {
      const { results } = await api.call<{ results: Results }>('importKeys', { body: { keys } });
      if (results.length === keys.length) return results;
      throw new ServiceError(
        `The service answered about ${results.length} of ${keys.length} keys.`,
        'unknown',
      );
    } catch (error) {
      const seconds = WAITS[attempt];
      if (seconds === undefined || !isPassing(error, hasAnswered())) throw error;
      const [why] = (error as Error).message.split('\n', 1);
      onWait(`${why} Trying again in ${seconds} s.`);
      await pause(seconds * 1000);
    }
  }
}

type Results = ReturnType<typeof KeyImportResults.parse>['results'];

/** Whether the same call may fare better in a moment. */
function isPassing(error: unknown, hasAnswered: boolean): boolean {
  if (error instanceof ProblemError) return error.problem.status >= 500 || error.problem.status === 429;
  return error instanceof ServiceError && hasAnswered;
}
