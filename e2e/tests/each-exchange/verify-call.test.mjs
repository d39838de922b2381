import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { closeClient, makeClientFor, nameOfThrown } from '../../stage/clients.mjs';
import { loadCases } from '../../stage/load-exchange.mjs';
import { send } from '../../stage/send.mjs';
import { setStage } from '../../stage/stage.mjs';

const exchange = inject('exchange');

/** What the platform's own API would ask Countersign, had it no proxy before it: POST /v1/verify. */
function described({ method, target, headers, body }) {
  const pairs = headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []));
  return { method, target, headers: pairs, bodyBase64: body.toString('base64'), ip: '127.0.0.1' };
}

const groups = await loadCases(exchange);
describe(`POST /v1/verify, ${exchange}`, () => {
  const cases = groups.flatMap((group) => group.cases).filter(({ proxyOnly }) => !proxyOnly);
  let stage;
  let decision;
  beforeAll(async () => {
    stage = await setStage(exchange);
  });
  afterAll(() => stage?.close());

  /** What the platform then does: it answers as it is told, or else itself, for the account that it was told. */
  function answer(request) {
    if (decision.response === undefined) {
      const account = decision.credential?.accountId;
      const added = account === undefined ? [] : ['X-Countersign-Account', account];
      return send(stage.upstream.url, { ...request, headers: [...request.headers, ...added] });
    }
    const { status, headers, body } = decision.response;
    return { status, rawHeaders: Object.entries(headers).flat(), body: Buffer.from(body) };
  }

  /** Lets a client make its call, and says what it threw. */
  async function ask(given) {
    stage.tap.clear();
    stage.tap.theft = async (request) => {
      const question = { ...described(request), ...stage.exchange.verify };
      decision = await stage.service.call('POST', '/v1/verify', { environment: 'live', request: question });
      return answer(request);
    };
    const client = await makeClientFor(stage, given);
    const thrown = await given.call(client, { ...stage, key: stage.keys[given.key] }).then(
      () => 'none',
      (error) => nameOfThrown(error),
    );
    await closeClient(given.client, client);
    return thrown;
  }

  const matching = cases.filter(({ matched }) => matched !== undefined);
  it.each(matching)('$client: $what is signed in the form "$matched"', async (given) => {
    expect(await ask(given)).toBe('none');
    const { id, accountId, dialect } = stage.keys[given.key];
    expect(decision).toMatchObject({
      allowed: true,
      matched: given.matched,
      dialect,
      credential: { id, accountId },
    });
  });

  // One request and no thief: then the answer that is ready to be sent on must do what the proxy does.
  const refusals = cases.filter(({ expect, theft }) => expect.passed === 0 && theft === undefined);
  it.each(refusals)('$client: $what is refused with an answer that the client understands', async (given) => {
    const wait = (given.notBefore?.(stage.keys[given.key]) ?? 0) - Date.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const thrown = await ask(given);
    if (given.expect.thrown !== undefined) expect(thrown).toBe(given.expect.thrown);
    expect(decision).toMatchObject({ allowed: false, response: { status: given.expect.status } });
    const { body, ...rest } = answer({});
    expect(String(stage.exchange.codeOf(body, { body, ...rest }))).toBe(given.expect.code);
  });
});
