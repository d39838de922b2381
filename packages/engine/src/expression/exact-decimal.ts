import { isDecimal } from '@countersign/core';

/** An exact decimal: `units` of 10^-`scale`. */
export interface ExactDecimal {
  readonly units: bigint;
  readonly scale: number;
}

const MAX_SCALE = 60;
const MAX_UNITS = 10n ** 120n;
const POWERS = Array.from({ length: MAX_SCALE + 1 }, (_, i) => 10n ** BigInt(i));

/** Reads a decimal text as core does: digits, perhaps a point and digits, no sign or exponent. Undefined: it is none. */
export function readDecimal(text: string): ExactDecimal | undefined {
  if (!isDecimal(text)) return undefined;
  const point = text.indexOf('.');
  if (point === -1) return { units: BigInt(text), scale: 0 };
  let end = text.length;
  while (text.charCodeAt(end - 1) === 48) end--; // Zeros at the end would only use up the scale.
  const fraction = text.slice(point + 1, end);
  return { units: BigInt(text.slice(0, point) + fraction), scale: fraction.length };
}

/** Negative, zero or positive. */
export function compareExact(a: ExactDecimal, b: ExactDecimal): number {
  const left = scaled(a, b.scale);
  const right = scaled(b, a.scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Undefined, as of the others: the result has over 120 digits, or over 60 after the point. It is never rounded. */
export function addExact(a: ExactDecimal, b: ExactDecimal): ExactDecimal | undefined {
  return bounded(scaled(a, b.scale) + scaled(b, a.scale), Math.max(a.scale, b.scale));
}

export function subtractExact(a: ExactDecimal, b: ExactDecimal): ExactDecimal | undefined {
  return bounded(scaled(a, b.scale) - scaled(b, a.scale), Math.max(a.scale, b.scale));
}

export function multiplyExact(a: ExactDecimal, b: ExactDecimal): ExactDecimal | undefined {
  return bounded(a.units * b.units, a.scale + b.scale);
}

/** Units as they are at a larger scale; at a smaller one, as they are. */
function scaled({ units, scale }: ExactDecimal, other: number): bigint {
  return other > scale ? units * (POWERS[other - scale] as bigint) : units;
}

function bounded(units: bigint, scale: number): ExactDecimal | undefined {
  return scale <= MAX_SCALE && units < MAX_UNITS && -units < MAX_UNITS ? { units, scale } : undefined;
}
