/** A non-negative decimal: digits, and perhaps a point and digits. At most 30 before and 30 after it. */
const DECIMAL = /^(\d{1,30})(?:\.(\d{1,30}))?$/;

/** Whether a text is a decimal amount. No sign, exponent, comma, `NaN` or white space. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** Compares two decimal texts exactly: negative, zero or positive. Both must be decimals. */
export function compareDecimals(a: string, b: string): number {
  const left = digits(a);
  const right = digits(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** All amounts in units of 10^-30, so that they compare as integers. */
function digits(text: string): bigint {
  const match = DECIMAL.exec(text);
  if (match === null) throw new TypeError('not a decimal');
  return BigInt((match[1] as string) + (match[2] ?? '').padEnd(30, '0'));
}
