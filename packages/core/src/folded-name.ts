/**
 * A name as parsers read it that ignore letter case: Go's encoding/json takes `Symbol` for `symbol`, and even the Kelvin
 * sign for a `k`; Java's equalsIgnoreCase takes an `İ` for an `i`. Two names that fold alike may be one to somebody.
 */
export function foldedName(name: string): string {
  // In lower case, an `İ` is an `i` and a dot above it.
  return name.toUpperCase().toLowerCase().replaceAll('\u0307', '');
}
