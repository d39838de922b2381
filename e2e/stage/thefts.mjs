/*
 * What somebody can do who sits on the line and sees a client's signed request. Each takes the request and a way
 * to send one, and returns the answer that the client then gets.
 */

/** Sends it twice. The client gets the second answer. */
export async function replay(request, send) {
  await send(request);
  return send(request);
}

/** Sends it and, when it went through, sends it to another route. */
export const replayTo = (target) => async (request, send) => {
  await send(request);
  return send({ ...request, target });
};

export const changeBody = (from, to) => (request, send) =>
  send({ ...request, body: Buffer.from(replaced(request.body.toString('utf8'), from, to)) });

export const changeTarget = (from, to) => (request, send) =>
  send({ ...request, target: replaced(request.target, from, to) });

export const changeMethod = (method) => (request, send) => send({ ...request, method });

export const changeHeader = (name, value) => (request, send) =>
  send({ ...request, headers: withHeader(request.headers, name, value) });

/** Keeps everything but the headers whose names begin so. */
export const dropHeaders = (prefix) => (request, send) =>
  send({ ...request, headers: request.headers.filter((_, i, all) => !begins(all[i - (i % 2)], prefix)) });

/** Adds a header a second time. */
export const repeatHeader = (name, value) => (request, send) =>
  send({ ...request, headers: [...request.headers, name, value] });

export const addBody = (text) => (request, send) => send({ ...request, body: Buffer.from(text) });

/** Any address of 127.0.0.0/8 is this machine's own on Linux; elsewhere only the first. */
export const fromAddress = (localAddress) => (request, send) => send(request, { localAddress });

function withHeader(headers, name, value) {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name.toLowerCase());
  if (at === -1) throw new Error(`The client sent no ${name}`);
  return headers.with(at + 1, typeof value === 'function' ? value(headers[at + 1]) : value);
}

function begins(name, prefix) {
  return name.toLowerCase().startsWith(prefix.toLowerCase());
}

/** Takes a text or a RegExp. A theft that changes nothing would prove nothing. */
function replaced(text, from, to) {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`There is no ${from} in ${text}, or it stays as it is`);
  return changed;
}
