import { resolveAll } from './json.ts';

/** Something that holds for a JSON document when a pointer leads to one of some values. */
export interface Condition {
  /** A JSON pointer (RFC 6901). A `*` in it stands for every element of a list, of which there is at least one. */
  readonly pointer: string;
  /** Texts; a number or a truth value in the document is compared as its JSON. */
  readonly values: readonly string[];
}

/** Whether all conditions hold for a parsed document; `undefined`, for what is none, fits no condition. */
export function holdAll(conditions: readonly Condition[], root: unknown): boolean {
  return conditions.every(
    ({ pointer, values }) => resolveAll(root, pointer)?.every((value) => isOneOf(value, values)) ?? false,
  );
}

function isOneOf(value: unknown, values: readonly string[]): boolean {
  if (typeof value === 'string') return values.includes(value);
  return (typeof value === 'number' || typeof value === 'boolean') && values.includes(JSON.stringify(value));
}
