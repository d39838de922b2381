/** Reads `If-Match`: `12`, and `"12"` as an entity tag is written. Undefined where it is neither. */
export function revisionOf(header: string | string[] | undefined): number | undefined {
  const match = typeof header === 'string' ? /^"?(\d{1,15})"?$/.exec(header) : null;
  return match === null ? undefined : Number(match[1]);
}
