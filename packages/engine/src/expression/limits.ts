/** Characters of an expression. */
export const MAX_SOURCE = 2_000;
/** Nodes of its tree as it is parsed: operators, calls, names, literals, lists. */
export const MAX_NODES = 500;
/** How deep they stand in one another. A chain of `&&` or of `||` counts as one. */
export const MAX_DEPTH = 32;
/** Characters of a text that an expression reads or makes. Longer: `fault`. */
export const MAX_TEXT = 2_048;
/** Elements of a batch. More: `fault`. */
export const MAX_ELEMENTS = 1_000;

/**
 * Units of work that one evaluation may take, over all elements of a batch. More: `fault`. A unit is about a comparison
 * of two characters. A single operation on texts of the largest size always fits.
 */
export const MAX_WORK = 1_100_000;
/** What a node costs each time, an operation on decimals included. */
export const NODE_WORK = 50;
/** What going through a text character by character costs for each of them. */
export const CHARACTER_WORK = 10;
/** What it costs to ask the platform about a time zone. */
export const ZONE_WORK = 2_000;
