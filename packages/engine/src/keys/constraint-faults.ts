import {
  type Constraints,
  foldedAddress,
  isDecimal,
  type Manifest,
  OPERATOR_ACCOUNT,
  unitsOf,
} from '@countersign/core';
import { knownFacts } from '../credentials/known-facts.ts';
import { compileExpression } from '../expression/compile-expression.ts';
import { FACT_OF_CONSTRAINT } from './constraint-facts.ts';
import { faultsInHours } from './hours-faults.ts';
import type { Fault } from './key-input.ts';

const LISTS = ['instruments', 'sides', 'orderTypes'] as const;
const AMOUNTS = ['maxNotionalPerOrder', 'maxNotionalPerDay', 'maxNotionalPer30Days'] as const;

/** What no instrument, side or type of order of a list may look like. */
export const UNTIDY = /^\s|\s$|\p{Cc}/u;
const UNTIDY_ADDRESS = /\s|\p{C}/u;

/** Lists all that is wrong with the meaning of constraints. Their shape is checked by the caller's schema. */
export function faultsInConstraints(
  constraints: Constraints,
  accountId: string,
  manifest: Manifest | undefined,
): Fault[] {
  return [
    ...LISTS.flatMap((name) => faultsInTexts(constraints[name] ?? [], name, UNTIDY, (text) => text)),
    ...faultsInAmounts(constraints),
    ...faultsInTexts(
      constraints.withdrawalAddresses ?? [],
      'withdrawalAddresses',
      UNTIDY_ADDRESS,
      // No two addresses differ in letter case alone: one of them is a slip.
      (address) => foldedAddress(address).toLowerCase(),
    ),
    ...(constraints.hours === undefined ? [] : faultsInHours(constraints.hours, '/constraints/hours')),
    ...faultsInExpression(constraints, accountId, manifest),
    ...factsThatNobodySays({ ...constraints }, accountId, manifest),
  ];
}

function faultsInTexts(
  texts: readonly string[],
  name: string,
  untidy: RegExp,
  folded: (text: string) => string,
): Fault[] {
  const seen = new Set<string>();
  return texts.flatMap((text, i): Fault[] => {
    const pointer = `/constraints/${name}/${i}`;
    if (untidy.test(text)) return [{ pointer, message: 'has blanks or control characters' }];
    if (seen.has(folded(text))) return [{ pointer, message: 'occurs twice' }];
    seen.add(folded(text));
    return [];
  });
}

function faultsInAmounts(constraints: Constraints): Fault[] {
  const faults: Fault[] = [];
  const amounts: { readonly name: string; readonly units: bigint }[] = [];
  for (const name of AMOUNTS) {
    const text = constraints[name];
    if (text === undefined) continue;
    const pointer = `/constraints/${name}`;
    if (!isDecimal(text)) {
      const message =
        'is not a decimal like "1000" or "0.25", with up to 30 digits on each side of the point';
      faults.push({ pointer, message });
    } else if (unitsOf(text) === 0n) {
      faults.push({ pointer, message: 'must be more than zero' });
    } else {
      amounts.push({ name, units: unitsOf(text) });
    }
  }
  // A limit that is over the one for a longer time never counts: whoever wrote it meant something else.
  for (const [i, { name, units }] of amounts.entries()) {
    const lower = amounts.slice(i + 1).find((longer) => longer.units < units);
    if (lower !== undefined) {
      faults.push({ pointer: `/constraints/${name}`, message: `is more than ${lower.name}` });
    }
  }
  return faults;
}

function faultsInExpression(
  { expression }: Constraints,
  accountId: string,
  manifest: Manifest | undefined,
): Fault[] {
  if (expression === undefined) return [];
  const compiled = compileExpression(expression, knownFacts(accountId, manifest));
  const pointer = '/constraints/expression';
  if (!compiled.ok) return [{ pointer, message: compiled.message }];
  return compiled.isNeverTrue ? [{ pointer, message: 'is never true, so it would allow nothing' }] : [];
}

/**
 * Constraints that no request can meet, because none has their fact. A manifest that declares no fact at all leaves them
 * to the callers of the verify API, who may give any.
 */
export function factsThatNobodySays(
  constraints: Readonly<Record<string, unknown>>,
  accountId: string,
  manifest: Manifest | undefined,
): Fault[] {
  const isOperator = accountId === OPERATOR_ACCOUNT;
  if (!isOperator && (manifest === undefined || manifest.facts.size === 0)) return [];
  const facts = knownFacts(accountId, manifest)?.facts;
  const nobody = isOperator ? 'requests of operators have no' : 'no route of the manifest declares the';
  return Object.entries(FACT_OF_CONSTRAINT).flatMap(([name, fact]): Fault[] => {
    if (constraints[name] === undefined || facts?.has(fact)) return [];
    return [{ pointer: `/constraints/${name}`, message: `can never be met: ${nobody} fact "${fact}"` }];
  });
}
