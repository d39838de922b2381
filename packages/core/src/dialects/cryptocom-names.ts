/**
 * Names of two words and more of the parameters of Crypto.com's private methods, from its public documentation and from
 * ccxt. Names of one word, like `side`, may well be part of an honest value or of another name.
 */
const KNOWN = (
  'account_id address_tag broker_id client_oid client_wid contingency_type end_time end_ts exec_inst expected_rate ' +
  'fee_instrument_name from_instrument_name from_quantity from_side instrument_name isolated_margin_amount ' +
  'isolation_id journal_type list_id network_id new_price new_quantity order_id order_list orig_client_oid page_size ' +
  'ref_price ref_price_type slippage_tolerance_bps spot_margin start_time start_ts stp_id stp_inst stp_scope ' +
  'target_leverage time_in_force to_instrument_name trigger_price trigger_price_type'
).split(' ');
const IS_KNOWN: ReadonlySet<string> = new Set(KNOWN);
const ANY = new RegExp(KNOWN.join('|'));
const LONGEST = Math.max(...KNOWN.map(({ length }) => length));

/** A part of the signed text of parameters: a name or a value. */
export interface SignedPart {
  readonly text: string;
  readonly isName: boolean;
}

/**
 * Says whether the signed text looks like that of other parameters, whose borders were moved. Names and values follow
 * each other without a separator: `client_oidcafe` could be the parameter `client_oid`, or another one, `client_oidc`,
 * which an upstream would ignore.
 *
 * It does when a value holds a known name, or when a name that is not known overlaps one that is. Whole words are no
 * overlap: a parameter of an operator's own may be called `last_order_id`, and not `order_ids`.
 */
export function hasMovedBorder(parts: readonly SignedPart[]): boolean {
  const text = parts.map((part) => part.text).join('');
  let start = 0;
  for (const part of parts) {
    const end = start + part.text.length;
    if (part.isName ? !IS_KNOWN.has(part.text) && overlapsKnown(text, start, end) : ANY.test(part.text)) {
      return true;
    }
    start = end;
  }
  return false;
}

/** Whether the name from `start` to `end` shares some letters of the text, but not whole words, with a known name. */
function overlapsKnown(text: string, start: number, end: number): boolean {
  const from = Math.max(0, start - LONGEST);
  const near = text.slice(from, end + LONGEST);
  if (!ANY.test(near)) return false;
  return KNOWN.some((known) => {
    for (let at = near.indexOf(known); at !== -1; at = near.indexOf(known, at + 1)) {
      const [first, last] = [from + at, from + at + known.length];
      if (first < end && last > start && !isWholeWords(text, [start, end], [first, last])) return true;
    }
    return false;
  });
}

function isWholeWords(text: string, [start, end]: Span, [first, last]: Span): boolean {
  const begins = first === start || (first > start && text[first - 1] === '_');
  const ends = last === end || (last < end && text[last] === '_');
  return begins && ends;
}

type Span = readonly [start: number, end: number];
