/** Words that people write where a secret goes. The short ones count at the beginning of a word only. */
const WORDS =
  /example|placeholder|change[_-]?me|replace|redacted|secret[_-]?here|key[_-]?here|test[_-]?(?:secret|key)|(?:api|my)[_-]?(?:secret|key)|not[_-]?a[_-]?(?:real|secret)|deadbeef|(?:^|[^a-z])(?:your|insert|dummy|sample|fake|xxxx|todo)/i;
/** A passphrase that only says what it is. */
const ITSELF = /^(?:my|your|the|api|some|test)?[_-]?pass(?:word|phrase)[_-]?\d{0,3}$/i;
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
    ITSELF.test(value) ||
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
