import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES } from '../cases.mjs';
import { makeClient, nameOfThrown } from '../stage/clients.mjs';
import { setStage } from '../stage/stage.mjs';

/** What the platform's own API would ask Countersign, had it no proxy before it: POST /v1/verify. */
function described({ method, target, headers, body }) {
  const pairs = headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []));
  return { method, target, headers: pairs, bodyBase64: body.toString('base64'), ip: '127.0.0.1' };
}

describe.each(Object.entries(CASES))('POST /v1/verify, %s', (exchange, groups) => {
  const cases = groups.flatMap((group) => group.cases);
  let stage;
  let decision;
  beforeAll(async () => {
    stage = await setStage(exchange);
  });
  afterAll(() => stage?.close());

  /** Lets a client make its call; the answer is `success` when the decision is positive, else what it says. */
  async function ask({ client: name, key, more, call }) {
    stage.tap.clear();
    stage.tap.theft = async (request) => {
      const question = { environment: 'live', request: described(request) };
      decision = await stage.service.call('POST', '/v1/verify', question);
      const { status, headers, body } = decision.response ?? {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: exchange === 'okx' ? '0' : '00000', msg: '', data: [] }),
      };
      return { status, rawHeaders: Object.entries(headers).flat(), body: Buffer.from(body) };
    };
    const client = makeClient(name, { exchange, url: stage.tap.url, key: stage.keys[key], more });
    return call(client).then(
      () => 'none',
      (thrown) => nameOfThrown(thrown),
    );
  }

  it.each(cases.filter(({ matched }) => matched !== undefined))(
    '$client: $what is signed in the form "$matched"',
    async (given) => {
      expect(await ask(given)).toBe('none');
      expect(decision).toMatchObject({
        allowed: true,
        matched: given.matched,
        dialect: exchange,
        credential: { id: stage.keys.trader.id, accountId: 'acct_trader' },
      });
    },
  );

  // One request and no thief: then the answer that is ready to be sent on must do what the proxy does.
  const refusals = cases.filter(({ expect, theft }) => expect.passed === 0 && theft === undefined);
  it.each(refusals)('$client: $what is refused with an answer that the client understands', async (given) => {
    const wait = (given.notBefore?.(stage.keys[given.key]) ?? 0) - Date.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    expect(await ask(given)).toBe(given.expect.thrown);
    expect(decision).toMatchObject({ allowed: false, response: { status: given.expect.status } });
    expect(JSON.parse(decision.response.body).code).toBe(given.expect.code);
  });
});
