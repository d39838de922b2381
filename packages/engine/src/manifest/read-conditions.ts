import type { Condition } from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';
import { POINTER } from './pointer.ts';

/** Reads a mapping from JSON pointers to a value or a list of values. */
export function readConditions(
  given: unknown,
  path: Path,
  what: string,
  fields: ManifestFields,
): Condition[] {
  const entries = Object.entries(fields.mapping(given, path));
  if (entries.length === 0) fields.fault(path, `${what} has at least one condition`);
  return entries.map(([pointer, values]) => {
    if (!POINTER.test(pointer)) {
      fields.fault([...path, pointer], `${JSON.stringify(pointer)} is no JSON pointer: it begins with "/"`);
    }
    const list: Condition['values'] = Array.isArray(values) ? values : [values];
    const isPlain = list.every((value) => ['string', 'number', 'boolean'].includes(typeof value));
    if (list.length === 0 || !isPlain) {
      fields.fault([...path, pointer], 'a condition names one value, or a list of values');
    }
    return { pointer, values: list };
  });
}
