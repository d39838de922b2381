import { makeClient, nameOfThrown } from './clients.mjs';

/**
 * Runs one case: a client's call through the tap, with or without a theft, and what came of it.
 *
 * @param stage from `setStage`
 * @param given a case, see `cases/case.mjs`
 * @returns `{ status, code, thrown, passed, faults }`: HTTP status and exchange code of the last answer that the
 *   client got, what the client threw (`none`), how many requests reached the exchange, and all that is not as
 *   expected, one text each
 */
export async function runCase({ exchange, upstream, tap, keys }, given) {
  const key = keys[given.key];
  await until(given.notBefore?.(key));
  tap.clear();
  const client = makeClient(given.client, { exchange, url: tap.url, key, more: given.more });
  const { length: before } = upstream.received;
  tap.theft = given.theft;
  const { value, thrown } = await outcomeOf(() => given.call(client));
  const { answer, error } = tap.exchanges.at(-1) ?? { error: new Error('the client sent nothing') };
  const arrived = upstream.received.slice(before);
  const seen = {
    status: answer?.status ?? 0,
    code: answer === undefined ? String(error) : codeOf(answer.body),
    thrown: thrown === undefined ? 'none' : nameOfThrown(thrown),
    passed: arrived.length,
  };
  return { ...seen, faults: faultsIn({ given, seen, value, thrown, arrived, keys }) };
}

async function outcomeOf(call) {
  try {
    return { value: await call() };
  } catch (thrown) {
    return { thrown: thrown ?? 'nothing' };
  }
}

function codeOf(body) {
  try {
    return JSON.parse(body.toString('utf8')).code ?? 'no code';
  } catch {
    return 'no JSON';
  }
}

function faultsIn({ given, seen, value, thrown, arrived, keys }) {
  const faults = [];
  for (const [name, expected] of Object.entries(given.expect)) {
    if (expected !== undefined && seen[name] !== expected)
      faults.push(`${name} is ${seen[name]}, not ${expected}: ${textOf(thrown)}`);
  }
  // What a client understood must be what the exchange said.
  if (thrown !== undefined && !textOf(thrown).includes(seen.code)) {
    faults.push(`the client threw something else: ${textOf(thrown)}`);
  }
  if (thrown === undefined && given.check !== undefined && !given.check(value)) {
    faults.push(`the client got ${JSON.stringify(value)?.slice(0, 300)}`);
  }
  for (const request of arrived) faults.push(...faultsInArrived(request, keys[given.key]));
  return faults;
}

/** Whatever reaches the exchange carries no proof, and at most the true account. */
function faultsInArrived({ target, headers, rawHeaders }, key) {
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  const proofs = names.filter((name) => /^(ok-)?access-|^authorization$/.test(name));
  const faults = proofs.map((name) => `${target} arrived with ${name}`);
  if (new Set(names).size !== names.length) faults.push(`${target} arrived with a header twice: ${names}`);
  const { 'x-countersign-account': account, 'x-countersign-credential': credential } = headers;
  if (account === undefined && credential === undefined) return faults;
  if (account !== key.accountId) faults.push(`${target} arrived as ${account}`);
  if (credential !== key.id) faults.push(`${target} arrived with the credential ${credential}`);
  return faults;
}

function textOf(thrown) {
  if (thrown === undefined) return 'nothing was thrown';
  return thrown instanceof Error ? thrown.message : JSON.stringify(thrown);
}

async function until(atMs) {
  const wait = (atMs ?? 0) - Date.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}
