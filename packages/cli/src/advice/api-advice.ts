import type { Advice, AllowedIpsDryRunResult, LearnedTemplate } from '@countersign/contract';

/** The smallest set that a key's traffic needs, as the service tells it. */
export type ApiAdvice = (typeof Advice)['_output'];
export type ApiDryRun = (typeof AllowedIpsDryRunResult)['_output'];
export type ApiLearnedTemplate = (typeof LearnedTemplate)['_output'];
