import { hasMovedBorder, type SignedPart } from './cryptocom-names.ts';
import { hasRepeatedName, jsonElements, jsonMembers, scalarText } from './json-members.ts';

/** The signed text of parameters, or why there is none. */
export type SignedText = { readonly text: string } | { readonly fault: string };

const MAX_NAME = 64;
/** As documented: objects in lists in objects. What lies deeper is signed by each client in another way. */
const MAX_LEVEL = 3;
/** More than this would take long to look through. */
const MAX_PARTS = 1000;
/** A digit can't go from a value into such a name. */
const NAME = /^[a-z]+(?:_[a-z]+)*$/;

/**
 * Puts together what Crypto.com's signature covers of the parameters: names in ascending order, each with its value,
 * without any separator. A list is its elements in their order, an object in it is names and values again; `null` is
 * written as that, and numbers and booleans as in the JSON that was sent.
 *
 * Without separators, `{"a":"bc"}` and `{"ab":"c"}` have the same text. What no client sends, and a forger would, is
 * refused: names with digits, empty values and those with an underscore at an end, elements whose digits meet, lone
 * surrogates, and borders that were moved over a known name, see {@link hasMovedBorder}.
 *
 * @param params the JSON text of the parameters
 */
export function signedTextOf(params: string): SignedText {
  const parts: SignedPart[] = [];
  const fault = addObject(params, 1, parts);
  if (fault !== undefined) return { fault };
  if (hasMovedBorder(parts)) return { fault: 'params could be read in more than one way.' };
  return { text: parts.map(({ text }) => text).join('') };
}

/** Adds the parts of an object, or returns what is wrong with it. */
function addObject(json: string, level: number, parts: SignedPart[]): string | undefined {
  const members = jsonMembers(json);
  if (members === undefined) return 'params is no JSON object.';
  if (hasRepeatedName(members)) return 'params has a name twice.';
  for (const { name, value } of [...members].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (name.length > MAX_NAME || !NAME.test(name)) return 'A name in params is no words of small letters.';
    parts.push({ text: name, isName: true });
    const fault = addValue(value, level, parts);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function addValue(json: string, level: number, parts: SignedPart[]): string | undefined {
  if (parts.length > MAX_PARTS) return `params has more than ${MAX_PARTS} parts.`;
  const elements = jsonElements(json);
  if (elements !== undefined) return addList(elements, level, parts);
  if (json.startsWith('{')) {
    return level < MAX_LEVEL ? addObject(json, level + 1, parts) : `params is deeper than ${MAX_LEVEL}.`;
  }
  const text = json === 'null' ? json : scalarText(json);
  if (text === undefined || !isSignable(text))
    return 'A value in params is empty, or could be read otherwise.';
  parts.push({ text, isName: false });
  return undefined;
}

function addList(elements: readonly string[], level: number, parts: SignedPart[]): string | undefined {
  for (const [i, element] of elements.entries()) {
    if (element.startsWith('[')) return 'params has a list in a list.';
    const before = i === 0 ? undefined : parts.at(-1)?.text;
    const index = parts.length;
    const fault = addValue(element, level, parts);
    if (fault !== undefined) return fault;
    if (parts.length === index) return 'params has an empty object in a list.';
    if (before !== undefined && /\d$/.test(before) && /^\d/.test((parts[index] as SignedPart).text)) {
      return 'Two elements of a list meet in digits.';
    }
  }
  return undefined;
}

/** An underscore at an end could belong to a name, and a lone surrogate is signed like any other. */
function isSignable(text: string): boolean {
  return text !== '' && !text.startsWith('_') && !text.endsWith('_') && !/\p{Cs}/u.test(text);
}
