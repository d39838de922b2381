import { DIALECTS, decide, KeySlab, type Question } from '@countersign/core';
import { expect, it } from 'vitest';
import { createDummies } from './dummy-credentials.ts';

const dummies = createDummies(new KeySlab());
const cases = DIALECTS.flatMap((dialect) =>
  Object.values(dialect.schemes).map(({ scheme }) => [dialect.name, scheme, dialect] as const),
);

it.each(cases)(
  'a key that does not exist is verified in %s by %s, like one that does',
  (_, scheme, dialect) => {
    const question = {
      dialect,
      claim: { ok: true, keyId: 'x', signature: 'x', prehash: ['x'], namedScheme: scheme },
      credential: dummies(dialect, scheme),
      nowMs: 0,
    } as unknown as Question;
    expect(decide(question)).toMatchObject({ ok: false, denial: { code: 'signature_mismatch' } });
  },
);
