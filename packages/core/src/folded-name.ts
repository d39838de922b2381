/**
 * A name as parsers read it that ignore letter case: Go's encoding/json takes `Symbol` for `symbol`, and even the Kelvin
 * sign for a `k`. Two names that fold alike may be one to somebody.
 */
export function foldedName(name: string): string {
  return name.toUpperCase().toLowerCase();
}
