import { parseJson, resolveAll } from './json.ts';

/**
 * A message inside a WebSocket that needs no login: this very text, or a JSON object in which each pointer leads to
 * one of the values.
 */
export type PublicMessage = { readonly text: string } | { readonly conditions: readonly Condition[] };

export interface Condition {
  /** A JSON pointer (RFC 6901). A `*` in it stands for every element of a list, of which there is at least one. */
  readonly pointer: string;
  /** Texts; a number or a truth value in the message is compared as its JSON. */
  readonly values: readonly string[];
}

/** Whether one of the declared messages fits. A message that repeats a name fits none. */
export function isPublicMessage(messages: readonly PublicMessage[], message: string): boolean {
  let json: unknown;
  let jsonIsRead = false;
  return messages.some((declared) => {
    if ('text' in declared) return declared.text === message;
    if (!jsonIsRead) {
      json = parseJson(message);
      jsonIsRead = true;
    }
    return declared.conditions.every(({ pointer, values }) => allAre(json, pointer, values));
  });
}

function allAre(root: unknown, pointer: string, values: readonly string[]): boolean {
  return resolveAll(root, pointer)?.every((value) => isOneOf(value, values)) ?? false;
}

function isOneOf(value: unknown, values: readonly string[]): boolean {
  if (typeof value === 'string') return values.includes(value);
  return (typeof value === 'number' || typeof value === 'boolean') && values.includes(JSON.stringify(value));
}
