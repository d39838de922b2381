import { foldedName } from '../folded-name.ts';

/** A member of a JSON object: its name, decoded, and its value as it stands in the text. */
export interface JsonMember {
  readonly name: string;
  readonly value: string;
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/**
 * Lists the members of a JSON object in the order of the text, those with the same name too, and with numbers as the
 * sender wrote them: `JSON.parse` keeps neither. Undefined when the text is no JSON object.
 */
export function jsonMembers(text: string): readonly JsonMember[] | undefined {
  if (!isJson(text, '{')) return undefined;
  return partsIn(text).map(({ name = '', value }) => ({ name, value }));
}

/** Lists the elements of a JSON array as they stand in the text. Undefined when the text is no JSON array. */
export function jsonElements(text: string): readonly string[] | undefined {
  if (!isJson(text, '[')) return undefined;
  return partsIn(text).map(({ value }) => value);
}

/** The parts of a JSON object or array, which are divided by its commas; names are those of an object. */
function partsIn(text: string): { name: string | undefined; value: string }[] {
  const parts: { name: string | undefined; value: string }[] = [];
  let depth = 0;
  let name: string | undefined;
  let word: string | undefined;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (depth++ === 0) start = index + 1;
    } else if (token === '}' || token === ']') depth--;
    if (depth === 1 && token.startsWith('"')) word = token;
    else if (depth === 1 && token === ':') {
      name = JSON.parse(word as string) as string;
      start = index + 1;
    } else if ((depth === 1 && token === ',') || depth === 0) {
      const value = text.slice(start, index).trim();
      if (value !== '') parts.push({ name, value });
      start = index + 1;
    }
  }
  return parts;
}

function isJson(text: string, first: '{' | '['): boolean {
  try {
    JSON.parse(text);
    return text.trimStart().startsWith(first);
  } catch {
    return false;
  }
}

/** Whether two members have the same name. */
export function hasRepeatedName(members: readonly JsonMember[]): boolean {
  return new Set(members.map(({ name }) => name)).size < members.length;
}

/** The same where letter case is ignored. For a message that goes on to an upstream and is only signed in part. */
export function hasSimilarNames(members: readonly JsonMember[]): boolean {
  return new Set(members.map(({ name }) => foldedName(name))).size < members.length;
}

/** The text of a JSON string, or a number or boolean as it is written; undefined for anything else. */
export function scalarText(json: string): string | undefined {
  if (json.startsWith('"')) return JSON.parse(json) as string;
  return /^[-\dtf]/.test(json) ? json : undefined;
}
