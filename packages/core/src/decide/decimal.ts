/** A non-negative decimal: digits, and perhaps a point and digits. At most 30 before and 30 after it. */
const DECIMAL = /^(\d{1,30})(?:\.(\d{1,30}))?$/;
const PLACES = 30;
const ONE = 10n ** 30n;
/** The least amount that is no decimal any more, in units of 10^-30. */
const END = 10n ** 60n;

/** Whether a text is a decimal amount. No sign, exponent, comma, `NaN` or white space. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** Compares two decimal texts exactly: negative, zero or positive. Both must be decimals. */
export function compareDecimals(a: string, b: string): number {
  const left = unitsOf(a);
  const right = unitsOf(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** An amount in units of 10^-30, so that amounts compare and add as integers. The text must be a decimal. */
export function unitsOf(text: string): bigint {
  const match = DECIMAL.exec(text);
  if (match === null) throw new TypeError('not a decimal');
  return BigInt((match[1] as string) + (match[2] ?? '').padEnd(PLACES, '0'));
}

/** The decimal text of an amount in units of 10^-30, without needless zeros. */
export function decimalOf(units: bigint): string {
  const whole = units / ONE;
  const fraction = (units % ONE).toString().padStart(PLACES, '0').replace(/0+$/, '');
  return fraction === '' ? whole.toString() : `${whole}.${fraction}`;
}

/**
 * The product of two decimals, exactly. What is beyond 30 places is rounded up, so that no product is less than it
 * should be. Undefined when it has more than 30 digits before the point.
 */
export function multiplyDecimals(a: string, b: string): string | undefined {
  const units = (unitsOf(a) * unitsOf(b) + ONE - 1n) / ONE;
  return units < END ? decimalOf(units) : undefined;
}
