import type { SignedCall } from '@countersign/client';
import { plain, plainLines } from '../terminal.ts';
import type { SignedText } from './signed-request.ts';

/** A signed request, to be read by people: as it would be written down, with what does not show marked. */
export function signedRequestText({ method, url, headers, body }: SignedCall): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${plain(value)}`);
  const text = textIn(body);
  const content = text === undefined ? `(${body.length} bytes that are no text)` : plainLines(text);
  return [`${method} ${url}`, ...lines, ...(body.length === 0 ? [] : ['', content])].join('\n');
}

/** A signed request, to be read by programs: what to send, as it is. */
export function signedRequestJson({ method, url, headers, body }: SignedCall) {
  const text = textIn(body);
  return {
    method,
    url,
    headers,
    ...(text === undefined ? { bodyBase64: Buffer.from(body).toString('base64') } : { body: text }),
  };
}

export function signedTextLines({ text, bytes }: SignedText): string {
  return bytes === 0 ? 'signed: nothing' : `signed (${bytes} bytes):\n${text}`;
}

/** A body as text; undefined for bytes that are none. */
export function textIn(body: Uint8Array): string | undefined {
  const text = Buffer.from(body).toString('utf8');
  return Buffer.from(text, 'utf8').equals(body) ? text : undefined;
}
