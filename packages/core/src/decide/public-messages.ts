import { type Condition, holdAll } from './conditions.ts';
import { parseJson } from './json.ts';

/**
 * A message inside a WebSocket that needs no login: this very text, or a JSON object in which each pointer leads to
 * one of the values.
 */
export type PublicMessage = { readonly text: string } | { readonly conditions: readonly Condition[] };

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
    return holdAll(declared.conditions, json);
  });
}
