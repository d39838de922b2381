import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';

/** One route of the service: what it takes, what it answers, who may call it. */
export interface RouteContract {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** With `{name}` for a parameter, as in OpenAPI. */
  readonly path: string;
  readonly summary: string;
  /** The operator permission that it needs; null: anonymous. */
  readonly permission: string | null;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Whether an absent body counts as `{}`. */
  readonly bodyIsOptional?: boolean;
  readonly status: number;
  readonly answer?: z.ZodType;
  /** Media type of the answer. Default `application/json`. */
  readonly mediaType?: string;
  /** Errors beyond those that every route has. */
  readonly errors: readonly ErrorCode[];
}
