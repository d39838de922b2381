import type {
  Key,
  KeyList,
  KeyWithSecret,
  Revoked,
  TemplateList,
  ViolationList,
} from '@countersign/contract';

/** A key, as the service shows it. */
export type ApiKey = (typeof Key)['_output'];
/** A key with its new secret, shown this once. */
export type ApiKeyWithSecret = (typeof KeyWithSecret)['_output'];
export type ApiKeyPage = (typeof KeyList)['_output'];
export type RevokedKeys = (typeof Revoked)['_output'];
export type ApiTemplates = (typeof TemplateList)['_output'];
export type ApiViolations = (typeof ViolationList)['_output'];
