import { type ClaimPart, type Denial, denial } from '../denial.ts';
import { queryOf, type WireRequest } from '../message.ts';
import type { Claim } from './dialect.ts';
import { spellingsWithoutPlus } from './query-forms.ts';

/** The parameters of a request: its query and, a character for each byte, the form in its body. */
export interface SentParameters {
  readonly query: string;
  readonly form: string;
}

/** A parameter of the proof: its value as sent, and where the pair of name and value stands. */
interface ProofParameter {
  readonly value: string;
  readonly isInForm: boolean;
  readonly start: number;
  readonly end: number;
}

type ProofName = 'signature' | 'timestamp' | 'recvWindow';

const PARTS: ReadonlyMap<string, ClaimPart> = new Map<ProofName, ClaimPart>([
  ['signature', 'signature'],
  ['timestamp', 'timestamp'],
  ['recvWindow', 'timestamp'],
]);

export function parametersOf({ target, body }: WireRequest): SentParameters {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  return { query: queryOf(target), form: bytes.toString('latin1') };
}

/**
 * Finds the parameters of the proof. Each may be there once, in the query or in the form, under its plain name: one
 * that is percent-encoded would be found by another parser and not by this one.
 */
export function findProof(sent: SentParameters): Partial<Record<ProofName, ProofParameter>> | Denial {
  const found: Partial<Record<ProofName, ProofParameter>> = {};
  for (const isInForm of [false, true]) {
    let start = 0;
    for (const pair of (isInForm ? sent.form : sent.query).split('&')) {
      const end = start + pair.length;
      const written = nameIn(pair);
      const name = withPlainLetters(written) as ProofName;
      const part = PARTS.get(name);
      if (part !== undefined) {
        if (found[name] !== undefined) return denial('malformed_request', `${name} occurs twice.`, { part });
        if (written !== name) return denial('malformed_request', `${name} is percent-encoded.`, { part });
        found[name] = { value: pair.slice(written.length + 1), isInForm, start, end };
      }
      start = end + 1;
    }
  }
  return found;
}

/** Whether there is a parameter of this name, percent-encoded or not. */
export function hasParameter({ query, form }: SentParameters, name: string): boolean {
  return `${query}&${form}`.split('&').some((pair) => withPlainLetters(nameIn(pair)) === name);
}

function nameIn(pair: string): string {
  const equals = pair.indexOf('=');
  return equals === -1 ? pair : pair.slice(0, equals);
}

function withPlainLetters(name: string): string {
  if (!name.includes('%')) return name;
  return name.replace(/%([4-7][0-9A-Fa-f])/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Writes the hex digits of an HMAC small: Binance takes them in any case. Base64 stays as it is. */
export function plainSignature(text: string): string {
  return /^[0-9A-Fa-f]{64}$/.test(text) ? text.toLowerCase() : text;
}

/**
 * Takes the signature out of the parameters: the rest is what it covers. Undefined when there is a rest both in the
 * query and in the form, because nothing would tell where the one ends and the other begins.
 */
export function coveredBy(
  signature: ProofParameter,
  { query, form }: SentParameters,
): Pick<Claim, 'prehash' | 'alternatives'> | undefined {
  const { isInForm, start, end } = signature;
  const [text, other] = isInForm ? [form, query] : [query, form];
  // With the pair goes the `&` behind it or, when it is the last, the `&` before it.
  const isLast = end === text.length;
  const rest = text.slice(0, isLast ? Math.max(start - 1, 0) : start) + text.slice(end + 1);
  if (rest !== '' && other !== '') return undefined;
  const covered = rest === '' ? other : rest;
  const isForm = rest === '' ? !isInForm : isInForm;
  return {
    prehash: [isForm ? Buffer.from(covered, 'latin1') : covered],
    alternatives: () => spellingsWithoutPlus(covered).map(({ form, text }) => ({ form, prehash: [text] })),
  };
}
