import { faultsInArrived, faultsInMessage } from './arrived.mjs';
import { closeClient, makeClientFor, nameOfThrown } from './clients.mjs';

/** A client that waits for a message that never comes must not hold up the rest. */
const LIMIT_MS = 20_000;

/**
 * Runs one case: a client's call through the tap, with or without a theft, and what came of it.
 *
 * @param stage from `setStage`
 * @param given a case, see `case.mjs`
 * @returns all that a case may expect (`Expected` in `case.mjs`), and `faults`: all that is not as expected, one
 *   text each
 */
export async function runCase(stage, given) {
  const { exchange, upstream, tap } = stage;
  const key = stage.keys[given.key];
  if (key === undefined) throw new Error(`There is no key ${given.key}`);
  await until(given.notBefore?.(key));
  tap.clear();
  const client = await makeClientFor(stage, given);
  const before = [upstream.received.length, upstream.upgrades.length, upstream.messages.length];
  tap.theft = given.theft;
  const onStage = { ...stage, key };
  const { value, thrown } = await outcomeOf(() => given.call(client, onStage));
  const requests = upstream.received.slice(before[0]);
  const upgrades = upstream.upgrades.slice(before[1]);
  const messages = upstream.messages.slice(before[2]);
  const seen = {
    ...lastAnswer(exchange, tap),
    thrown: thrown === undefined ? 'none' : nameOfThrown(thrown),
    passed: requests.length,
    upgrades: upgrades.length,
    messages: messages.length,
  };
  const faults = [
    ...faultsInOutcome(exchange, given, seen, thrown),
    ...(thrown === undefined ? faultsInValue(given, value, onStage) : []),
    ...[...requests, ...upgrades].flatMap((request) => faultsInArrived(exchange, request, key)),
    ...messages.flatMap((message) => faultsInMessage(exchange, message)),
  ];
  await closeClient(given.client, client);
  return { ...seen, faults };
}

async function outcomeOf(call) {
  let late;
  const limit = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`The client took over ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    return { value: await Promise.race([call(), limit]) };
  } catch (thrown) {
    return { thrown: thrown ?? 'nothing' };
  } finally {
    clearTimeout(late);
  }
}

function lastAnswer(exchange, { exchanges, upgrades }) {
  const { answer, error } = exchanges.at(-1) ?? { error: new Error('the client sent nothing') };
  if (answer === undefined) return { status: 0, code: String(error) };
  const { status } = answer;
  // A WebSocket that is open has its codes in messages, where it has any.
  const code = status === 101 ? codeInMessages(exchange, upgrades) : codeInAnswer(exchange, answer);
  return { status, code };
}

function codeInMessages({ webSocket }, upgrades) {
  const codes = upgrades.flatMap(({ got }) => got.map((text) => webSocket?.codeOf?.(text)));
  return String(codes.findLast((code) => code !== undefined) ?? '');
}

function codeInAnswer({ codeOf }, answer) {
  try {
    return String(codeOf(answer.body, answer));
  } catch (error) {
    if (error instanceof SyntaxError) return 'no JSON';
    throw error;
  }
}

function faultsInOutcome(exchange, given, seen, thrown) {
  const faults = [];
  for (const [name, expected] of Object.entries(given.expect)) {
    if (expected !== undefined && seen[name] !== expected)
      faults.push(`${name} is ${seen[name]}, not ${expected}: ${textOf(thrown)}`);
  }
  // What a client understood must be what the exchange said.
  const namesCode = given.thrownNamesCode ?? exchange.thrownNamesCode;
  if (thrown !== undefined && namesCode && !textOf(thrown).includes(seen.code)) {
    faults.push(`the client threw something else: ${textOf(thrown)}`);
  }
  return faults;
}

function faultsInValue({ check }, value, onStage) {
  if (check === undefined || check(value, onStage)) return [];
  return [`the client got ${JSON.stringify(value)?.slice(0, 300)}`];
}

function textOf(thrown) {
  if (thrown === undefined) return 'nothing was thrown';
  return thrown instanceof Error ? thrown.message : JSON.stringify(thrown);
}

async function until(atMs) {
  const wait = (atMs ?? 0) - Date.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}
