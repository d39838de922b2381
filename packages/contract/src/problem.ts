import { problemType } from '@countersign/core/denial';
import { z } from 'zod';
import { ERROR_CODES, ERRORS, type ErrorCode } from './errors.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457 problem details, with the project's own members. */
export const Problem = z
  .object({
    type: z.string().describe('Address of the page about this error, relative to the service'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong with this request, for people'),
    code: z.enum(ERROR_CODES as [ErrorCode, ...ErrorCode[]]),
    requestId: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe('JSON pointer into the body'),
          message: z.string(),
          permission: z.string().optional().describe('The permission whose policy the body violates'),
          policy: z.string().optional().describe('Its name in the manifest'),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof Problem>;

export function problemOf(
  code: ErrorCode,
  detail: string,
  requestId: string,
  errors?: readonly { readonly pointer: string; readonly message: string }[],
): Problem {
  const { status, title } = ERRORS[code];
  const problem = { type: problemType(code), title, status, detail, code, requestId };
  return errors === undefined ? problem : { ...problem, errors: [...errors] };
}
