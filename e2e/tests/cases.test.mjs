import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES } from '../cases.mjs';
import { runCase } from '../stage/run-case.mjs';
import { setStage } from '../stage/stage.mjs';

for (const [exchange, groups] of Object.entries(CASES)) {
  let stage;
  beforeAll(async () => {
    stage = await setStage(exchange);
  });
  afterAll(() => stage?.close());

  describe.each(groups)('$title', ({ cases }) => {
    it.each(cases)('$client: $what → $expect.status $expect.code, $expect.thrown', async (given) => {
      const { faults } = await runCase(stageOf(exchange), given);
      expect(faults).toEqual([]);
    });
  });
  const stageOf = () => stage;
}
