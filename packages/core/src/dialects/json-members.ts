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
  if (!isJsonObject(text)) return undefined;
  const members: JsonMember[] = [];
  let depth = 0;
  let name: string | undefined;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    if (depth === 1 && name === undefined && token.startsWith('"')) name = JSON.parse(token) as string;
    else if (depth === 1 && token === ':') start = index + 1;
    else if ((depth === 1 && token === ',') || depth === 0) {
      if (name !== undefined) members.push({ name, value: text.slice(start, index).trim() });
      name = undefined;
    }
  }
  return members;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
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
