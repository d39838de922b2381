import { describe, expect, it } from 'vitest';
import { requestOf, vectorFilesOf } from '../../test/vectors.ts';
import type { WebSocketLogin } from './dialect.ts';
import { jsonMembers } from './json-members.ts';
import { DIALECTS } from './registry.ts';

/*
 * A parser behind us may take the first or the last of two members with one name. So a message that is a login to either
 * of them is one here, and is refused: else it would go on, unread, on a connection that somebody has opened.
 */
const withLogin = DIALECTS.flatMap(({ name, webSocket }) => {
  const logins = vectorFilesOf(name)
    .flatMap(({ vectors }) => vectors.cases)
    .filter(
      ({ outcome, message }) =>
        outcome === 'ok' && message !== undefined && webSocket?.opensConnection(message),
    );
  return webSocket === undefined || logins.length === 0 ? [] : [{ name, webSocket, logins }];
});

describe.each(withLogin)('a login of $name', ({ webSocket, logins }) => {
  it.each(logins)('is one with any of its names twice: $name', ({ message = '', request }) => {
    for (const { name } of jsonMembers(message) ?? []) {
      const other = `${JSON.stringify(name)}:"other"`;
      const inside = message.trim().slice(1, -1);
      for (const twice of [`{${other},${inside}}`, `{${inside},${other}}`]) {
        expect(webSocket.recognises(twice), twice).toBe(true);
        expect(readOf(webSocket, twice, request), twice).toBe('malformed_request');
      }
    }
  });
});

function readOf(login: WebSocketLogin, message: string, request: Parameters<typeof requestOf>[0]): string {
  const read = login.read(message, { handshake: requestOf(request), publicHost: 'api.example.com' });
  return read.ok ? 'ok' : read.code;
}
