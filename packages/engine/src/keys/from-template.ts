import { type Manifest, OPERATOR_ACCOUNT, type Template } from '@countersign/core';
import type { Fault, KeyInput, NewKey } from './key-input.ts';

/** What a new key is made of, and what is wrong with it so far; without a kind or permissions, the faults alone. */
export type FilledIn =
  | { readonly input: KeyInput; readonly faults: readonly Fault[] }
  | { readonly input?: undefined; readonly faults: readonly Fault[] };

/**
 * Gives a new key what its template says and its maker does not. A template is a default, not a ceiling: the maker's own
 * fields win, and of the constraints each by itself. Does not check what the fields say.
 */
export function filledIn(asked: NewKey, manifest: Manifest | undefined, nowMs: number): FilledIn {
  const { template: name, ...own } = asked;
  const template = name === undefined ? undefined : manifest?.templates.get(name);
  if (name !== undefined && template === undefined) return { faults: [unknownTemplate(manifest)] };
  if (name !== undefined && asked.accountId === OPERATOR_ACCOUNT) {
    return { faults: [{ pointer: '/template', message: 'is for keys of customers, not of operators' }] };
  }
  const faults = (template?.needs ?? [])
    .filter((pointer) => !isGiven(asked, pointer))
    .map((pointer) => ({ pointer, message: `is needed for a key from the template ${name}` }));
  const { kind = template?.kind, permissions = template?.permissions } = own;
  if (kind === undefined || permissions === undefined) {
    return { faults: [...faults, ...missing('/kind', kind), ...missing('/permissions', permissions)] };
  }
  return { input: { ...own, ...fieldsFor(own, template, nowMs), kind, permissions }, faults };
}

function fieldsFor(
  own: Omit<NewKey, 'template'>,
  template: Template | undefined,
  nowMs: number,
): Pick<KeyInput, 'allowedIps' | 'constraints' | 'rateLimits' | 'expiresAt'> {
  if (template === undefined) return {};
  const { expiresInMs } = template;
  return {
    allowedIps: own.allowedIps ?? template.allowedIps,
    rateLimits: own.rateLimits ?? template.rateLimits,
    expiresAt: own.expiresAt ?? (expiresInMs === undefined ? undefined : nowMs + expiresInMs),
    constraints: { ...template.constraints, ...withoutUndefined(own.constraints) },
  };
}

/** Whether a new key says something of its own under a pointer. */
function isGiven(asked: NewKey, pointer: string): boolean {
  let value: unknown = asked;
  for (const member of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return false;
    value = (value as Readonly<Record<string, unknown>>)[member];
  }
  // A label that nobody gave is empty, and an empty text says nothing.
  return value !== undefined && value !== '';
}

function unknownTemplate(manifest: Manifest | undefined): Fault {
  const names = [...(manifest?.templates.keys() ?? [])];
  const message =
    names.length === 0 ? 'cannot be given: there are none' : `is not one of ${names.join(', ')}`;
  return { pointer: '/template', message };
}

function missing(pointer: string, value: unknown): Fault[] {
  return value === undefined ? [{ pointer, message: 'is needed' }] : [];
}

function withoutUndefined<T extends object>(value: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(value ?? {}).filter(([, member]) => member !== undefined),
  ) as Partial<T>;
}
