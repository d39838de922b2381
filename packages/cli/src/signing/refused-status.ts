import { STATUS_CODES } from 'node:http';
import { ERRORS } from '@countersign/contract';
import { readProblem } from '../service-error.ts';
import { textIn } from './signed-view.ts';

/**
 * Says what an answer of another status than 2xx means, as far as its body is one that Countersign gives.
 *
 * @param body without what must not be shown: its words are repeated
 */
export function refusedStatusText(response: Response, body: Uint8Array): string {
  const { status, headers } = response;
  const problem = readProblem(status, jsonIn(body), headers.get('retry-after'));
  if (problem === undefined || !Object.hasOwn(ERRORS, problem.code)) {
    return `The server answered ${`${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()}.`;
  }
  const { code, detail, retryAfter } = problem;
  return [
    `${code}: ${detail}`,
    ...(retryAfter === undefined ? [] : [`  Try again in ${retryAfter} s.`]),
    `  More: docs/errors/${code}.md`,
  ].join('\n');
}

function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(textIn(body) ?? '');
  } catch {
    return undefined; // An answer of something else than Countersign.
  }
}
