import { resolveAll } from './json.ts';

/** Something that holds for a JSON document when a pointer leads to one of some values. */
export interface Condition {
  /** A JSON pointer (RFC 6901). A `*` in it stands for every element of a list, of which there is at least one. */
  readonly pointer: string;
  /** A text is no number: an upstream that takes `true` for a switch may not take `"true"` for one. */
  readonly values: readonly (string | number | boolean)[];
}

/** Whether all conditions hold for a parsed document; `undefined`, for what is none, fits no condition. */
export function holdAll(conditions: readonly Condition[], root: unknown): boolean {
  return conditions.every(
    ({ pointer, values }) =>
      resolveAll(root, pointer)?.every((value) => (values as readonly unknown[]).includes(value)) ?? false,
  );
}
