export const FACT_TYPES = ['string', 'decimal'] as const;
export type FactType = (typeof FACT_TYPES)[number];

/** Where a value stands in a request. */
export interface FactPlace {
  readonly from: 'json' | 'query' | 'form' | 'parameter' | 'constant';
  /**
   * A JSON pointer (RFC 6901) for `json`, in which a `*` stands for every element of a list; the field's name for
   * `query`, `form` and `parameter`; for `constant` the value itself.
   */
  readonly at: string;
}

/** A fact about a request, and where it is read. */
export interface FactSource {
  readonly name: string;
  /** One place; or several, and the fact is the product of the decimals that stand there. */
  readonly places: readonly FactPlace[];
  readonly type: FactType;
}

/**
 * Facts about a request: texts, amounts as decimal texts. A request that does several things at once has lists, one
 * element for each.
 */
export type Facts = Readonly<Record<string, string | readonly string[]>>;
