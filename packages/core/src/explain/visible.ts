/** Characters that look like nothing, or like another one. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]|(?! )\p{Zs}/gu;
const NAMED: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
  '\\': '\\\\',
};

/**
 * Writes bytes so that every one can be seen: line ends, tabs and other characters that do not show stand as escapes
 * (`\n`, `\u{200b}`), bytes that are not UTF-8 as `\xff`, and a backslash is doubled.
 */
export function visible(bytes: Uint8Array): string {
  let text = '';
  let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (rest.length > 0) {
    const valid = validPrefix(rest);
    text += rest
      .subarray(0, valid)
      .toString('utf8')
      .replaceAll('\\', '\\\\')
      .replace(
        INVISIBLE,
        (character) => NAMED[character] ?? `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
      );
    rest = rest.subarray(valid);
    if (rest.length > 0) {
      text += `\\x${(rest[0] as number).toString(16).padStart(2, '0')}`;
      rest = rest.subarray(1);
    }
  }
  return text;
}

/** How many of the first bytes are whole characters of UTF-8. */
function validPrefix(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const character = bytes.subarray(at, at + length);
  // Decoding and encoding gives the same bytes for UTF-8 only: what is not becomes U+FFFD.
  return character.length === length && Buffer.from(character.toString('utf8'), 'utf8').equals(character)
    ? length
    : 0;
}
