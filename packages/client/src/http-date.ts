/** Reads a date of HTTP (RFC 9110 section 5.6.7), in ms since 1970. Other texts that are dates somewhere are none here. */
export function readHttpDate(text: string): number | undefined {
  if (!/^\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
