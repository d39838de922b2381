export { type Dialect, type DialectDescription, describedDialect, Secret } from '@countersign/core';
export { type Client, createClient } from './client.ts';
export type { JsonTree, TimeRoute } from './clock.ts';
export {
  ADVICE,
  CountersignError,
  type CountersignErrorCode,
  type CountersignErrorDetails,
} from './errors.ts';
export type { KeyMaterial } from './key-material.ts';
export type { ClientOptions, LoginRequest, RequestToSign, SignedHandshake } from './options.ts';
export type { RetryOptions } from './retry.ts';
export {
  type KeySource,
  keyFromEnvFile,
  type SecretInput,
  type SecretSource,
  secretFromEnv,
  secretFromFile,
} from './secret-source.ts';
export type { SignedCall } from './signer.ts';
export { connectionFailure, type Transport } from './transport.ts';
export type { AnswerKey } from './verify-answers.ts';
export type { WatchedFileOptions } from './watched-file.ts';
