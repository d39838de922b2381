import { denial } from '../denial.ts';
import { cryptocomError } from './cryptocom-errors.ts';
import { readSignedMessage, writeSignedMessage } from './cryptocom-message.ts';
import type { WebSocketLogin } from './dialect.ts';
import { jsonMembers, scalarText } from './json-members.ts';

const LOGIN = 'public/auth';

/**
 * The login of Crypto.com's WebSockets: a message with the method `public/auth`, signed like the body of a request. No
 * other message carries a signature; one that does is refused.
 */
export const cryptocomLogin: WebSocketLogin = {
  recognises: (message) =>
    (jsonMembers(message) ?? []).some(
      ({ name, value }) => name === 'sig' || (name === 'method' && scalarText(value) === LOGIN),
    ),
  read(message) {
    const claim = readSignedMessage(message);
    if (!claim.ok) return claim;
    const { method, ...rest } = claim;
    return method === LOGIN ? rest : denial('malformed_request', `Only ${LOGIN} is signed in a WebSocket.`);
  },
  opensConnection: () => true,
  accept: (message) => `{"id":${memberOf(message, 'id')},"method":"${LOGIN}","code":0}`,
  refuse(refusal, message) {
    const { code, message: text } = cryptocomError(refusal);
    const [id, method] = [memberOf(message, 'id'), memberOf(message, 'method')];
    return `{"id":${id},"method":${method},"code":${code},"message":${JSON.stringify(text)}}`;
  },
  sign: (key, { nowMs }) => writeSignedMessage(LOGIN, undefined, key, nowMs),
};

/** A member as it is written, so that it goes back unchanged. */
function memberOf(message: string, member: string): string {
  const value = jsonMembers(message)?.find(({ name }) => name === member)?.value ?? '';
  return scalarText(value) === undefined ? 'null' : value;
}
