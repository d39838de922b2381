import { type Constraints, type Hours, WEEKDAYS, type Weekday } from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';

const LISTS = ['instruments', 'sides', 'orderTypes', 'withdrawalAddresses'] as const;
const TEXTS = ['maxNotionalPerOrder', 'maxNotionalPerDay', 'maxNotionalPer30Days', 'expression'] as const;

export const CONSTRAINT_NAMES: readonly string[] = [...LISTS, ...TEXTS, 'hours'];

/** Reads the shape of `constraints`, as the API takes them. What they say is checked as for a key: `key-faults.ts`. */
export function readConstraints(value: unknown, path: Path, fields: ManifestFields): Constraints {
  const given = fields.mapping(value, path, CONSTRAINT_NAMES);
  const constraints: Record<string, unknown> = {};
  for (const name of LISTS) {
    if (given[name] !== undefined) constraints[name] = readTexts(given[name], [...path, name], fields);
  }
  for (const name of TEXTS) {
    if (given[name] === undefined) continue;
    // YAML reads 0.10 and 1e3 as numbers, and an amount is exact.
    if (typeof given[name] !== 'string') fields.fault([...path, name], `"${name}" must be a text, in quotes`);
    constraints[name] = given[name];
  }
  if (given.hours !== undefined) constraints.hours = readHours(given.hours, [...path, 'hours'], fields);
  return constraints;
}

/** Reads a list of at least one text, none of them empty. */
export function readTexts(value: unknown, path: Path, fields: ManifestFields): string[] {
  const texts = fields.list(value, path);
  if (Array.isArray(value) && texts.length === 0) fields.fault(path, 'must have at least one entry');
  for (const [i, text] of texts.entries()) {
    if (typeof text !== 'string' || text === '') fields.fault([...path, i], 'must be a text');
    else if (texts.indexOf(text) !== i) fields.fault([...path, i], 'occurs twice');
  }
  return texts as string[];
}

function readHours(value: unknown, path: Path, fields: ManifestFields): Hours {
  const { timeZone, windows } = fields.mapping(value, path, ['timeZone', 'windows']);
  if (typeof timeZone !== 'string') fields.fault([...path, 'timeZone'], '"timeZone" must be a text');
  const read = fields.list(windows, [...path, 'windows']).map((given, i) => {
    const at = [...path, 'windows', i];
    const { days, from, to } = fields.mapping(given, at, ['days', 'from', 'to']);
    for (const [name, time] of Object.entries({ from, to })) {
      if (typeof time !== 'string')
        fields.fault([...at, name], `"${name}" must be a text like "09:00", in quotes`);
    }
    const names = readTexts(days, [...at, 'days'], fields);
    for (const [j, day] of names.entries()) {
      if (!WEEKDAYS.includes(day as Weekday)) {
        fields.fault([...at, 'days', j], `is not one of ${WEEKDAYS.join(', ')}`);
      }
    }
    return { days: names as Weekday[], from: from as string, to: to as string };
  });
  return { timeZone: timeZone as string, windows: read };
}
