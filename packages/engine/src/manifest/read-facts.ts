import { FACT_TYPES, type FactPlace, type FactSource, type FactType, isDecimal } from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';
import { POINTER } from './pointer.ts';

const PLACES = ['json', 'query', 'form', 'parameter', 'constant'] as const;
const FACT_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;
const MAX_FACTORS = 4;
/** As long as a fact may be that is read from a request. */
const MAX_CONSTANT = 256;
/** A fact with one of these names is held against amounts, and is a decimal whether or not it says so. */
const AMOUNT = 'notional';

/** Reads the `facts` of a route. */
export function readFactSources(value: unknown, path: Path, fields: ManifestFields): FactSource[] {
  if (value === undefined) return [];
  return Object.entries(fields.mapping(value, path)).map(([name, given]) => {
    const at = [...path, name];
    if (!FACT_NAME.test(name))
      fields.fault(at, `${JSON.stringify(name)} is no name of a fact (letters, digits and "_")`);
    const members = fields.mapping(given, at, [...PLACES, 'product', 'type']);
    const isDecimalFact = members.product !== undefined || name === AMOUNT;
    const type = (members.type ?? (isDecimalFact ? 'decimal' : 'string')) as FactType;
    if (!FACT_TYPES.includes(type)) {
      fields.fault([...at, 'type'], `"type" must be one of ${FACT_TYPES.join(', ')}`);
    } else if (isDecimalFact && type !== 'decimal') {
      fields.fault([...at, 'type'], 'an amount and a product are decimals');
    }
    const places = readPlaces(members, type, at, fields);
    return { name, places, type };
  });
}

function readPlaces(
  members: Record<string, unknown>,
  type: FactType,
  at: Path,
  fields: ManifestFields,
): FactPlace[] {
  if (members.product === undefined) return [readPlace(members, type, at, fields)];
  if (PLACES.some((from) => members[from] !== undefined)) {
    fields.fault(at, 'a fact is a product, or stands in one place');
  }
  const factors = fields.list(members.product, [...at, 'product']);
  if (factors.length < 2 || factors.length > MAX_FACTORS) {
    fields.fault([...at, 'product'], `a product has 2 to ${MAX_FACTORS} factors`);
  }
  return factors.map((factor, i) => {
    const path = [...at, 'product', i];
    return readPlace(fields.mapping(factor, path, PLACES), type, path, fields);
  });
}

function readPlace(
  members: Record<string, unknown>,
  type: FactType,
  at: Path,
  fields: ManifestFields,
): FactPlace {
  const sources = PLACES.filter((from) => members[from] !== undefined);
  const [from = 'json'] = sources;
  const place = members[from];
  if (sources.length !== 1 || typeof place !== 'string') {
    fields.fault(
      at,
      'a fact has one of "json" (a JSON pointer), "query", "form" or "parameter" (a field\'s name), "constant" (a text) or "product"',
    );
  } else if (from === 'json' && !POINTER.test(place)) {
    fields.fault([...at, 'json'], `${JSON.stringify(place)} is no JSON pointer: it begins with "/"`);
  } else if (from === 'constant' && type === 'decimal' && !isDecimal(place)) {
    fields.fault([...at, 'constant'], `${JSON.stringify(place)} is no decimal`);
  } else if (from === 'constant' && place.length > MAX_CONSTANT) {
    fields.fault([...at, 'constant'], `is over ${MAX_CONSTANT} characters long`);
  }
  return { from, at: String(place) };
}
