import { CountersignError, type SignedCall } from '@countersign/client';
import { PASSPHRASE_PLACE } from './signed-request.ts';
import { textIn } from './signed-view.ts';

/**
 * Writes a signed request as a command line for a POSIX shell, which sends exactly what was signed: nothing in it is
 * expanded, globbed, or read as the name of a file. The passphrase is taken from the shell's variable and handed to curl
 * on its standard input, where no list of processes shows it.
 *
 * @throws {@link CountersignError} for what no command line can hold: bytes that are no text
 */
export function curlCommand({ method, url, headers, body }: SignedCall): string {
  const text = textIn(body);
  const values = Object.values(headers);
  if (text === undefined || text.includes('\0') || values.some((value) => /[^\x20-\x7e\t]/.test(value))) {
    throw new CountersignError(
      'request_invalid',
      'A body or a header that is no plain text cannot stand on a command line: use countersign request.',
    );
  }
  const secret = Object.entries(headers).filter(([, value]) => value === PASSPHRASE_PLACE);
  const shown = Object.entries(headers).filter(([, value]) => value !== PASSPHRASE_PLACE);
  const piped = secret.map(([name]) => `printf '${name}: %s\\n' "${PASSPHRASE_PLACE}" | `);
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return [
    `${piped.join('')}curl --globoff --path-as-is ${methodOptions(method, text)}${quoted(url)}`,
    ...(piped.length === 0 ? [] : ['-H @-']),
    ...shown.map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(needsBody(method, text) ? dataOptions(text, hasType) : []),
  ].join(' \\\n  ');
}

function methodOptions(method: string, body: string): string {
  if (method === 'HEAD') return '--head ';
  return method === 'GET' && body === '' ? '' : `-X ${method} `;
}

function needsBody(method: string, body: string): boolean {
  return body !== '' || (method !== 'GET' && method !== 'HEAD');
}

/** curl says of a body that it is a form, unless it is told otherwise. */
function dataOptions(body: string, hasType: boolean): string[] {
  return [...(hasType ? [] : ["-H 'content-type:'"]), `--data-raw ${quoted(body)}`];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
