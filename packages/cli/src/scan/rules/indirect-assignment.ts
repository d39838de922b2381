import { type Assignment, PIECES } from './assignment.ts';

const MOST_NAMES = 500;

/**
 * Finds the texts that minified code gives to a short name first and to the telling one later: `k="…"`, and then
 * `secret:k`. Only names in the same text are followed, one step, and without regard to where they are valid.
 */
export function* indirectAssignments(text: string, words: string): Iterable<Assignment> {
  const telling = new RegExp(
    `((?:${words})${PIECES.nameTail})["']?[ \\t]{0,4}[:=][ \\t]{0,4}([A-Za-z_$][\\w$]{0,30})(?![\\w$.("'\`])`,
    'gi',
  );
  const names = new Map<string, string>();
  for (const [, name, short] of text.matchAll(telling)) {
    if (names.size >= MOST_NAMES) break;
    names.set(short as string, name as string);
  }
  if (names.size === 0) return;
  const given =
    /(?<![\w$.])([A-Za-z_$][\w$]{0,30})[ \t]{0,4}=[ \t]{0,4}(["'`])([A-Za-z0-9+/][A-Za-z0-9+/=_-]{15,255})\2/g;
  for (const match of text.matchAll(given)) {
    const [whole, short, , value] = match as unknown as [string, string, string, string];
    const name = names.get(short);
    if (name === undefined) continue;
    const end = match.index + whole.length - 1;
    yield { name, value, start: end - value.length, end, isQuoted: true };
  }
}
