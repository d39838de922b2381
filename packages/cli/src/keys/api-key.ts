import type { Key, KeyList, KeyWithSecret, Revoked } from '@countersign/contract';

/** A key, as the service shows it. */
export type ApiKey = (typeof Key)['_output'];
/** A key with its new secret, shown this once. */
export type ApiKeyWithSecret = (typeof KeyWithSecret)['_output'];
export type ApiKeyPage = (typeof KeyList)['_output'];
export type RevokedKeys = (typeof Revoked)['_output'];
