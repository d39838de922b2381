import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OrderedIds } from './ordered-ids.ts';

it('gives what a sorted list would, after any id, with others that come in between', () => {
  const id = fc.string({ unit: fc.constantFrom('a', 'B', '_', '7', 'é'), maxLength: 3 });
  fc.assert(
    fc.property(fc.uniqueArray(id), fc.uniqueArray(id), id, (some, more, from) => {
      const ids = new OrderedIds();
      const there = new Set<string>();
      for (const batch of [some, more]) {
        for (const one of batch) if (!there.has(one)) ids.add(one);
        for (const one of batch) there.add(one);
        expect([...ids.after(from)]).toEqual([...there].sort().filter((one) => one > from));
      }
    }),
  );
});
