// What `@countersign/core/credential` gives: credentials and their words, without the dialects.
export * from './base62.ts';
export * from './constraints.ts';
export * from './crc32.ts';
export * from './credential.ts';
export * from './id.ts';
