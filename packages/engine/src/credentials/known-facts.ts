import { type Manifest, OPERATOR_ACCOUNT } from '@countersign/core';
import type { ExpressionFacts } from '../expression/compile-expression.ts';
import { OPERATOR_PERMISSIONS } from '../keys/operator-permissions.ts';

/** The requests of operators have no facts. */
const OF_OPERATORS: ExpressionFacts = {
  facts: new Map(),
  permissions: new Set(OPERATOR_PERMISSIONS.keys()),
};
const ofManifests = new WeakMap<Manifest, ExpressionFacts>();

/**
 * What the expression of a key can name; undefined without a manifest. It is one object for each manifest, by which what
 * was compiled is found again.
 */
export function knownFacts(accountId: string, manifest: Manifest | undefined): ExpressionFacts | undefined {
  if (accountId === OPERATOR_ACCOUNT) return OF_OPERATORS;
  if (manifest === undefined) return undefined;
  let known = ofManifests.get(manifest);
  if (known === undefined) {
    known = { facts: manifest.facts, permissions: new Set(manifest.permissions.keys()) };
    ofManifests.set(manifest, known);
  }
  return known;
}
