import * as advice from '../advice.ts';
import { KeyParams as params } from '../keys.ts';
import * as policies from '../policies.ts';
import type { RouteContract } from './route-contract.ts';

/** What keys should be like, and what they need. */
export const ADVICE_ROUTES = {
  listTemplates: {
    method: 'GET',
    path: '/v1/templates',
    summary: 'List the templates that keys can be made from',
    permission: 'keys.read',
    status: 200,
    answer: policies.TemplateList,
    errors: [],
  },
  listViolations: {
    method: 'GET',
    path: '/v1/policy/violations',
    summary: 'List keys that violate the policies of today, or hold what the manifest does not know any more',
    permission: 'keys.read',
    query: policies.ViolationsQuery,
    status: 200,
    answer: policies.ViolationList,
    errors: ['invalid_query'],
  },
  dryRunAllowedIps: {
    method: 'POST',
    path: '/v1/keys/{id}/allowed-ips/dry-run',
    summary: 'Say which recent requests a list of addresses would have refused. Changes nothing',
    permission: 'keys.read',
    params,
    body: advice.AllowedIpsDryRun,
    status: 200,
    answer: advice.AllowedIpsDryRunResult,
    errors: ['invalid_body', 'not_found'],
  },
  adviseKey: {
    method: 'GET',
    path: '/v1/keys/{id}/advice',
    summary: 'Propose the smallest set that the real traffic of a key needs. Changes nothing',
    permission: 'keys.read',
    params,
    query: advice.AdviceQuery,
    status: 200,
    answer: advice.Advice,
    errors: ['invalid_query', 'not_found'],
  },
  learnTemplate: {
    method: 'POST',
    path: '/v1/advice/template',
    summary: 'Propose a template from what a bot called in the test environment. Changes nothing',
    permission: 'keys.read',
    body: advice.TemplateLearn,
    status: 200,
    answer: advice.LearnedTemplate,
    errors: ['invalid_body', 'not_found', 'state_conflict'],
  },
} as const satisfies Record<string, RouteContract>;
