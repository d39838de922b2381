import { BODY_MISTAKES } from './body-mistakes.ts';
import { KEY_MISTAKES } from './key-mistakes.ts';
import { REQUEST_MISTAKES } from './request-mistakes.ts';
import type { Mistake } from './variation.ts';

/** Everything that clients are known to do wrong when they sign. The first that fits is told. */
export const MISTAKES: readonly Mistake[] = [...REQUEST_MISTAKES, ...BODY_MISTAKES, ...KEY_MISTAKES];
