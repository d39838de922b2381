export type { AccountService } from './accounts/account-service.ts';
export * from './accounts/account-view.ts';
export type { AdviceService, LearnedTemplate, LearnFrom } from './advice/advice-service.ts';
export type { Advice, Proposal } from './advice/advise.ts';
export type { DryRun } from './advice/dry-run.ts';
export type { LearnedPermission, LearnedRoute } from './advice/propose-template.ts';
export type { AddressUse } from './advice/traffic.ts';
export { prepareSealer, type Sealer, seal, unseal } from './credentials/envelope.ts';
export * from './decision/decision.ts';
export { createRequestIds } from './decision/request-id.ts';
export * from './engine.ts';
export type { ExplainRefusal, Explanation } from './explainer.ts';
export {
  type CompiledExpression,
  compileExpression,
  type ExpressionFacts,
} from './expression/compile-expression.ts';
export type { FailureBudgetOptions } from './guesses/failure-budget.ts';
export { createEnvKeyring } from './keyring/env.ts';
export { type FileKeyring, openFileKeyring } from './keyring/file.ts';
export type { Rewrapper, RewrapState } from './keyring/rewrap.ts';
export type { ImportResult, Imports } from './keys/import-keys.ts';
export * from './keys/key-input.ts';
export type { KeyPolicies, ViolatingKey, ViolationPage } from './keys/key-policies.ts';
export * from './keys/key-result.ts';
export type { KeyService, StandingDeed } from './keys/key-service.ts';
export * from './keys/key-view.ts';
export { OPERATOR_PERMISSIONS } from './keys/operator-permissions.ts';
export type { UsageRefusal, UsageReleased } from './limits/usage-release.ts';
export * from './manifest/manifest-file.ts';
export { createMemoryClaimAndMeter } from './memory/claim-and-meter.ts';
export { createMemoryStore } from './memory/store.ts';
export { readWholeBody } from './middleware/read-body.ts';
export * from './ports/accounts.ts';
export * from './ports/activity.ts';
export * from './ports/audit-log.ts';
export * from './ports/claim-and-meter.ts';
export * from './ports/failures.ts';
export * from './ports/keyring.ts';
export * from './ports/record.ts';
export * from './ports/reservations.ts';
export * from './ports/revocations.ts';
export * from './ports/schedule.ts';
export * from './ports/store.ts';
