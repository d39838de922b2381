import { isGap, worse } from './evaluation.ts';
import { asDecimal, canBeEqual, SAME } from './operations.ts';
import type { Scope } from './scope.ts';
import { type Run, type Term, TYPE_WORDS } from './term.ts';

/**
 * Compiles `value in [a, b, c]`. The value is computed once, and so is each item: as in CEL, a list with a gap in it is a
 * gap. Texts that are known already are looked up at once.
 */
export function membership(
  givenValue: Term,
  givenItems: readonly Term[],
  at: number,
  scope: Scope,
): Term | undefined {
  const [value, ...items] = inOneKindOfNumber([givenValue, ...givenItems]) as [Term, ...Term[]];
  for (const item of items) {
    if (canBeEqual(value, item, at, scope)) continue;
    return scope.refuse(
      at,
      `"in" looks for ${TYPE_WORDS[value.type]}, and the list has ${TYPE_WORDS[item.type]}`,
    );
  }
  const texts = new Set(items.map(({ literal }) => literal).filter((literal) => typeof literal === 'string'));
  const others = items.filter(({ literal }) => typeof literal !== 'string').map(({ run }) => run);
  const same = SAME[value.type] as (a: unknown, b: unknown) => boolean;
  return { type: 'bool', run: amongTexts(value.run, texts, others, same) };
}

/** Whole numbers become decimals where one of them is a decimal. */
function inOneKindOfNumber(terms: readonly Term[]): readonly Term[] {
  if (!terms.some(({ type }) => type === 'decimal')) return terms;
  return terms.map((term) => (term.type === 'int' ? asDecimal(term) : term));
}

function amongTexts(
  value: Run<unknown>,
  texts: ReadonlySet<string>,
  others: readonly Run<unknown>[],
  same: (a: unknown, b: unknown) => boolean,
): Run<boolean> {
  return (on) => {
    const found = value(on);
    let gap = isGap(found) ? found : undefined;
    let isThere = texts.has(found as string);
    for (const other of others) {
      const item = other(on);
      if (isGap(item)) gap = worse(gap, item);
      else isThere ||= gap === undefined && same(found, item);
    }
    return gap ?? isThere;
  };
}
