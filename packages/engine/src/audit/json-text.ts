const MAX_KNOWN = 10_000;
const MAX_KNOWN_LENGTH = 128;

/**
 * Makes a function that writes a member of a JSON object that is not its first, or nothing where it is undefined. The
 * same ids, routes and addresses come again and again, so the last ones are kept.
 */
export function textMember(name: string): (value: string | undefined) => string {
  const known = new Map<string, string>();
  return (value) => {
    if (value === undefined) return '';
    const there = known.get(value);
    if (there !== undefined) return there;
    const json = `,"${name}":${JSON.stringify(value)}`;
    if (value.length > MAX_KNOWN_LENGTH) return json;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(value, json);
    return json;
  };
}

/** Makes a function that writes a number, and remembers the last one: many decisions fall into one ms. */
export function lastNumber(): (value: number) => string {
  let last = 0;
  let text = '0';
  return (value) => {
    if (value !== last) {
      last = value;
      text = String(value);
    }
    return text;
  };
}
