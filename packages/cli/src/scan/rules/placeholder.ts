/** Words that people write where a secret goes. Four letters in a random text are one chance in ten thousand. */
const WORDS =
  /your|example|placeholder|change[_-]?me|replace|insert|redacted|dummy|sample|fake|xxxx|todo|secret[_-]?here|key[_-]?here|test[_-]?(?:secret|key)|(?:api|my)[_-]?(?:secret|key)|not[_-]?a[_-]?(?:real|secret)|deadbeef|passphrase|password/i;
const REPEATED = /(.)\1{5}/;
/** As many neighbours in the alphabet, one after another, are typed and not drawn. */
const LONGEST_SEQUENCE = 6;

/** Of what begins like a secret of Countersign the checksum decides, and no other rule. */
const OURS = /^c[ksb][_/](?:live|test)[_/]/;

/** Whether a value stands for a secret rather than being one: `your-secret-here`, `xxxxxxxx`, `0123456789abcdef`. */
export function isPlaceholder(value: string): boolean {
  return (
    OURS.test(value) ||
    WORDS.test(value) ||
    REPEATED.test(value) ||
    hasSequence(value) ||
    isRepeatedPart(value)
  );
}

/** `abcdef`, `123456`. */
function hasSequence(value: string): boolean {
  let length = 1;
  for (let i = 1; i < value.length; i++) {
    length = value.charCodeAt(i) === value.charCodeAt(i - 1) + 1 ? length + 1 : 1;
    if (length >= LONGEST_SEQUENCE) return true;
  }
  return false;
}

/** `abcdabcdabcd`: few different characters for its length. */
function isRepeatedPart(value: string): boolean {
  return value.length >= 24 && new Set(value).size < 8;
}
