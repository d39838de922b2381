import { DIALECTS, type PublicMessage, type Rule } from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';
import { readConditions } from './read-conditions.ts';

/** Reads the `webSocket` of a route: how clients log in inside, and what may pass before. */
export function readWebSocket(
  { webSocket, route }: Record<string, unknown>,
  isPublic: boolean,
  path: Path,
  fields: ManifestFields,
): Rule['webSocket'] {
  if (webSocket === undefined) return undefined;
  const at = [...path, 'webSocket'];
  const given = fields.mapping(webSocket, at, ['login', 'public']);
  if (isPublic) fields.fault(at, 'a public route needs no login');
  if (!String(route).startsWith('GET ')) fields.fault(at, 'a WebSocket is opened by GET');
  const known = DIALECTS.filter((dialect) => dialect.webSocket !== undefined).map(({ name }) => name);
  if (!known.includes(given.login as string)) {
    fields.fault([...at, 'login'], `"login" must be one of ${known.join(', ')}`);
  }
  const messages = given.public === undefined ? [] : fields.list(given.public, [...at, 'public']);
  return {
    login: given.login as string,
    publicMessages: messages.map((message, i) => readPublicMessage(message, [...at, 'public', i], fields)),
  };
}

function readPublicMessage(given: unknown, path: Path, fields: ManifestFields): PublicMessage {
  if (typeof given === 'string') return { text: given };
  return { conditions: readConditions(given, path, 'a public message', fields) };
}
