import { request as sendRequest } from 'node:http';

/** Headers that are made anew for each connection, or from the body as it is sent. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'content-length', 'transfer-encoding']);

/**
 * Sends a request with exactly the given target, headers (names and values in turn) and body.
 *
 * @param line.localAddress the address to send it from
 */
export function send(url, { method, target, headers, body }, line = {}) {
  const { hostname, port } = new URL(url);
  const kept = headers.filter((_, i) => !OF_THE_CONNECTION.has(headers[i - (i % 2)].toLowerCase()));
  // Node adds none to headers that are given as a list, and a captured request has one.
  if (!kept.some((text, i) => i % 2 === 0 && text.toLowerCase() === 'host'))
    kept.push('Host', `${hostname}:${port}`);
  if (body.length > 0 || method === 'POST') kept.push('Content-Length', String(body.length));
  return new Promise((resolve, reject) => {
    const request = sendRequest({
      hostname,
      port,
      method,
      path: target,
      headers: kept,
      agent: false,
      ...line,
    });
    request.on('error', reject);
    request.on('response', async (response) => {
      try {
        const { statusCode: status, rawHeaders } = response;
        resolve({ status, rawHeaders: rawHeaders.filter(isOfTheAnswer), body: await wholeBody(response) });
      } catch (error) {
        reject(error);
      }
    });
    request.end(body);
  });
}

/** Keeps a header of an answer, name and value, unless it is of the connection alone. */
export function isOfTheAnswer(_, i, headers) {
  return !OF_THE_CONNECTION.has(headers[i - (i % 2)].toLowerCase());
}

export async function wholeBody(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
