import { DENIALS, type Denial, type DenialCode, publicDenial } from '../denial.ts';
import type { HttpAnswer, RefusalContext } from './dialect.ts';
import { jsonAnswer } from './refusals.ts';

/** JSON in whose texts `{code}`, `{message}`, `{requestId}` and `{timestamp}` stand for what is known of a refusal. */
export type JsonTemplate =
  | string
  | number
  | boolean
  | null
  | readonly JsonTemplate[]
  | { readonly [name: string]: JsonTemplate };

/** How a described dialect refuses. */
export interface DescribedRefusal {
  /** Absent: that of the denial. */
  readonly status?: number | undefined;
  /** What `{code}` stands for. Absent: the denial's own. */
  readonly codes: Readonly<Partial<Record<DenialCode, string | number>>>;
  readonly body: JsonTemplate;
}

export const PLACEHOLDERS = ['code', 'message', 'requestId', 'timestamp'] as const;
type Values = Readonly<Record<string, string | number>>;

/** Fills the template in for a denial. Its detail stays inside: only its title is told. */
export function describedRefusal(
  { status, codes, body }: DescribedRefusal,
  refusal: Denial,
  { nowMs, requestId }: RefusalContext,
): HttpAnswer {
  const { code } = publicDenial(refusal);
  const { title, status: usual } = DENIALS[code];
  const values = { code: codes[code] ?? code, message: title, requestId, timestamp: nowMs };
  return jsonAnswer(status ?? usual, filled(body, values), refusal);
}

/** A text that is one placeholder becomes its value, so that a number stays a number. */
function filled(template: JsonTemplate, values: Values): unknown {
  if (typeof template === 'string') {
    const alone = /^\{(\w+)\}$/.exec(template)?.[1];
    if (alone !== undefined) return values[alone];
    return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  }
  if (Array.isArray(template)) return template.map((item) => filled(item, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, filled(value, values)]));
}
