/** Digits and a point, which a double keeps whatever they are: 15 significant digits always survive. */
const SHORT = /^\d{1,15}$|^(?=.{3,16}$)\d+\.\d+$/;
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/;
/** Longer ones are not looked at: nobody writes them. */
const MAX_LENGTH = 64;

/**
 * Whether a number in a JSON text is the very number that `JSON.parse` makes of it. `9007199254740993` is not: we would
 * read one less than a parser behind us that keeps every digit. Nor are `-0`, `1e400` and a text of over 64 characters.
 */
export function isExactNumber(text: string): boolean {
  if (SHORT.test(text)) return true;
  if (text.length > MAX_LENGTH) return false;
  const given = canonical(text);
  return given !== undefined && given === canonical(String(Number(text)));
}

/** Sign, digits without zeros at either end, and the power of ten that they count. */
function canonical(text: string): string | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return `${sign}0`;
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign}${significant}e${power}`;
}
