import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadCases } from '../../stage/load-exchange.mjs';
import { runCase } from '../../stage/run-case.mjs';
import { setStage } from '../../stage/stage.mjs';

const exchange = inject('exchange');
let stage;
beforeAll(async () => {
  stage = await setStage(exchange);
});
afterAll(() => stage?.close());

describe.each(await loadCases(exchange))('$title', ({ cases }) => {
  it.each(cases)('$client: $what → $expect.status $expect.code, $expect.thrown', async (given) => {
    const { faults } = await runCase(stage, given);
    expect(faults).toEqual([]);
  });
});
