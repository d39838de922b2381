import { foldedName } from '../folded-name.ts';
import { queryOf, type RawHeaders, REPEATED, singleHeader, type WireRequest } from '../message.ts';
import { isDecimal, multiplyDecimals } from './decimal.ts';
import type { FactPlace, FactSource, Facts, FactType } from './fact-source.ts';
import { hasStar, parseJson, resolveAll } from './json.ts';

/** Longest text of a fact, in characters, and most elements of a list. More is left out, like what is ill-typed. */
const MAX_CHARACTERS = 256;
const MAX_ELEMENTS = 1000;
/**
 * Most fields of query and form together. Many parsers (PHP, Tomcat, Node) read a thousand and drop the rest in silence: a
 * field at the end would be there for us alone.
 */
const MAX_FIELDS = 1000;

/**
 * Reads a request's facts. A fact that is missing, ill-typed, too long, or stands twice is left out, and a constraint
 * that needs it then denies. Called after authentication only, so the bytes are the customer's own.
 */
export function readFacts(sources: readonly FactSource[], request: WireRequest): Facts {
  const facts: Record<string, string | readonly string[]> = Object.create(null);
  let json: unknown;
  let jsonIsRead = false;
  const body = () => {
    if (!jsonIsRead) json = readJsonBody(request);
    jsonIsRead = true;
    return json;
  };
  for (const { name, places, type } of sources) {
    const value = product(places.map((place) => valueAt(place, request, body)));
    if (value === undefined) continue;
    const isTyped =
      typeof value === 'string' ? hasType(value, type) : value.every((one) => hasType(one, type));
    if (isTyped) facts[name] = value;
  }
  return facts;
}

/**
 * A request's body as JSON, or the message inside the WebSocket that it opened. Undefined when it is none, or an
 * upstream may read something else in it.
 */
export function readJsonBody(request: WireRequest): unknown {
  const { headers, body, message } = request;
  if (message !== undefined) return parseJson(message);
  return isReadAsItIs(headers) && !hasFieldsToo(request) ? parseJson(body) : undefined;
}

const SEPARATORS = [0x26, 0x3b]; // `&` and `;`

/**
 * Whether who goes by the type of a body finds other fields in it than JSON has: `{"pair":"XBTUSD","note":"&pair=ETHUSD&"}`
 * is a form as well. The type alone is no fault: many clients that send JSON say that it is a form.
 */
function hasFieldsToo({ headers, body }: WireRequest): boolean {
  const type = String(singleHeader(headers, 'content-type'));
  if (/multipart/i.test(type)) return true;
  return /urlencoded/i.test(type) && SEPARATORS.some((separator) => body.includes(separator));
}

type FactValue = string | readonly string[];

function hasType(text: string, type: FactType): boolean {
  return type === 'string' ? text.length <= MAX_CHARACTERS : isDecimal(text);
}

function valueAt(place: FactPlace, request: WireRequest, body: () => unknown): FactValue | undefined {
  if (place.from === 'constant') return place.at;
  if (place.from !== 'json') return field(place, request);
  const found = resolveAll(body(), place.at);
  if (found === undefined) return undefined;
  if (found.length > MAX_ELEMENTS) return undefined;
  const texts: string[] = [];
  for (const value of found) {
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string') return undefined;
    texts.push(text);
  }
  return hasStar(place.at) ? texts : texts[0];
}

/** One value as it is; of several the product, one by one where they are lists. Undefined when one of them is missing. */
function product(values: readonly (FactValue | undefined)[]): FactValue | undefined {
  return values.reduce((left, right) => (left === undefined ? undefined : times(left, right)));
}

function times(left: FactValue, right: FactValue | undefined): FactValue | undefined {
  if (right === undefined) return undefined;
  if (typeof left === 'string' && typeof right === 'string') {
    return isDecimal(left) && isDecimal(right) ? multiplyDecimals(left, right) : undefined;
  }
  const length = typeof left === 'string' ? right.length : left.length;
  if (typeof left !== 'string' && typeof right !== 'string' && left.length !== right.length) return undefined;
  const products: string[] = [];
  for (let i = 0; i < length; i++) {
    const one = times(
      typeof left === 'string' ? left : (left[i] as string),
      typeof right === 'string' ? right : right[i],
    );
    if (typeof one !== 'string') return undefined;
    products.push(one);
  }
  return products;
}

function field(source: FactPlace, request: WireRequest): string | undefined {
  const query = source.from === 'form' ? '' : queryOf(request.target);
  const form = source.from === 'query' ? '' : formIn(request);
  if (form === undefined) return undefined;
  // The first `&` keeps a leading `?`, which URLSearchParams would drop: it belongs to the first name.
  const text = fieldsOf(query) + fieldsOf(form);
  if (text.split(/[&;]/, MAX_FIELDS + 2).length > MAX_FIELDS + 1) return undefined;
  // Some parsers end a field at a `;`, too. Some leave a `?` out at which a form begins, or look for `?symbol=` in a target.
  const loose = text.replace(/[;?]/g, '&');
  const found = onlyField(text, source.at);
  return loose === text || onlyField(loose, source.at) === found ? found : undefined;
}

/** Each field with an `&` before it. */
function fieldsOf(text: string): string {
  return text === '' ? '' : `&${text}`;
}

function onlyField(text: string, wanted: string): string | undefined {
  let found: string | undefined;
  for (const [name, value] of new URLSearchParams(text)) {
    if (!mayBeTakenFor(name, wanted)) continue;
    if (name !== wanted || found !== undefined) return undefined;
    found = value;
  }
  return found;
}

/**
 * Whether a parser may take one name of a field for another: some ignore letter case; PHP drops blanks in front and what
 * comes after a NUL, reads `_` for a point or a blank, and makes a list of `symbol[]`, as others do. Express reads
 * `[symbol]`, and may read `.symbol`.
 */
function mayBeTakenFor(name: string, wanted: string): boolean {
  if (name === wanted) return true;
  const read = wanted.includes('[') ? foldedName : looseName;
  return read(name) === read(wanted);
}

function looseName(name: string): string {
  const [plain = ''] = name
    .trimStart()
    .replace(/^[[.]/, '')
    .split(/[[\]\0]/, 1);
  return foldedName(plain.replace(/[. ]/g, '_'));
}

/**
 * The body as a form; undefined when it begins like JSON, or says that it is JSON or in several parts. An upstream that
 * takes these too would read other fields in it: `{"pair":"ETHUSD","note":"&pair=XBTUSD&"}` is a form as well.
 */
function formIn({ headers, body }: WireRequest): string | undefined {
  if (body.length === 0) return '';
  if (!isReadAsItIs(headers)) return undefined;
  const type = singleHeader(headers, 'content-type');
  if (type === REPEATED || /json|multipart/i.test(type ?? '')) return undefined;
  const text = Buffer.from(body).toString('utf8');
  return /^\s*[{[]/.test(text) ? undefined : text;
}

const CHARSET = /;\s*charset="?(?:utf-?8|us-ascii|iso-8859-1)"?\s*(?=;|$)/gi;

/**
 * Whether an upstream reads the bytes of a body as they stand there: not compressed, and in a character set in which
 * ASCII is ASCII. In UTF-7, `+ACI-` is a quote: the text `"+ACI-,+ACI-symbol+ACI-:+ACI-ETHUSDT"` is a member more. And
 * a header of gzip has room for a form.
 */
function isReadAsItIs(headers: RawHeaders): boolean {
  const type = singleHeader(headers, 'content-type') ?? '';
  const coding = singleHeader(headers, 'content-encoding') ?? 'identity';
  if (type === REPEATED || coding === REPEATED || !/^\s*identity\s*$/i.test(coding)) return false;
  return !/charset/i.test(type.replace(CHARSET, ''));
}
