import { readdirSync, readFileSync } from 'node:fs';
import { DENIAL_CODES } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import {
  Decision,
  ERROR_CODES,
  ERRORS,
  type ErrorCode,
  errorsOf,
  openApiDocument,
  Problem,
  problemOf,
  ROUTES,
} from '../src/index.ts';

const PAGES = new URL('../../../docs/errors/', import.meta.url);
const pages = readdirSync(PAGES).filter((name) => name !== 'README.md');

/** Codes that no route of the API answers with: the reverse proxy does. */
const OF_THE_PROXY: readonly ErrorCode[] = ['upstream_unavailable', 'websocket_login_unsupported'];

describe('error registry', () => {
  it.each(ERROR_CODES)('%s has a page whose first heading holds the code', (code) => {
    const text = readFileSync(new URL(`${code}.md`, PAGES), 'utf8');
    const [heading = ''] = text.split('\n').filter((line) => line.startsWith('#'));
    expect(heading).toMatch(/^# /);
    expect(heading.split(/[^a-z0-9_]+/)).toContain(code);
  });

  it('has a code for every page', () => {
    expect(
      pages.filter((name) => !(ERROR_CODES as readonly string[]).includes(name.replace(/\.md$/, ''))),
    ).toEqual([]);
  });

  it('holds every denial, with the same status', () => {
    expect(ERROR_CODES).toEqual(expect.arrayContaining([...DENIAL_CODES]));
  });

  it.each(ERROR_CODES)('%s is a problem that the schema accepts', (code) => {
    const problem = problemOf(code, 'a detail', 'req_1', [{ pointer: '/label', message: 'is wrong' }]);
    expect(Problem.parse(problem)).toEqual(problem);
    expect(problem).toMatchObject({ type: `/docs/errors/${code}`, status: ERRORS[code].status });
    expect(problem.status).toBeGreaterThanOrEqual(400);
  });

  it('is reachable: each code is one of a route, of a decision, or of the proxy', () => {
    const ofRoutes = Object.values(ROUTES).flatMap((route) => errorsOf(route));
    const reachable = new Set<string>([...ofRoutes, ...DENIAL_CODES, ...OF_THE_PROXY]);
    expect(ERROR_CODES.filter((code) => !reachable.has(code))).toEqual([]);
  });

  it('has a denied decision for each denial code, and for no other', () => {
    const decision = (code: string) => ({
      allowed: false,
      requestId: 'req_1',
      code,
      status: 401,
      detail: '',
      response: { status: 401, headers: {}, body: '' },
    });
    for (const code of ERROR_CODES) {
      expect([code, Decision.safeParse(decision(code)).success]).toEqual([
        code,
        (DENIAL_CODES as readonly string[]).includes(code),
      ]);
    }
  });

  it('is what the OpenAPI document tells: same codes, under their own status', () => {
    const { paths } = openApiDocument('1.2.3') as { paths: Record<string, Record<string, Operation>> };
    const told = new Set<string>();
    for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
      for (const [status, { 'x-codes': codes = [], description }] of Object.entries(operation.responses)) {
        for (const code of codes) {
          told.add(code);
          expect(String(ERRORS[code].status)).toBe(status);
          expect(description).toContain(`\`${code}\``);
        }
      }
    }
    const missing = ERROR_CODES.filter((code) => !told.has(code));
    const onlyDecisions = (code: string) => (DENIAL_CODES as readonly string[]).includes(code);
    expect(missing.filter((code) => !onlyDecisions(code) && !OF_THE_PROXY.includes(code))).toEqual([]);
  });
});

interface Operation {
  readonly responses: Record<
    string,
    { readonly description: string; readonly 'x-codes'?: readonly ErrorCode[] }
  >;
}
