import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf, textsOf } from './lines.ts';

const asJson = (value: unknown) => JSON.stringify(value);

describe('lines for the writing thread', () => {
  it('are the texts that they were made of, whatever stands in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (values) => {
        expect(textsOf(linesOf(values, asJson)).map((text) => JSON.parse(text))).toEqual(values);
      }),
    );
  });

  it('are of any length, and the next ones are not those of before', () => {
    const long = ['é'.repeat(3_000_000), 'a', '€'.repeat(2_000_000)];
    expect(textsOf(linesOf(long, asJson))).toEqual(long.map(asJson));
    const first = linesOf(['one', 'two'], asJson);
    const second = linesOf(['three'], asJson);
    expect(textsOf(first)).toEqual(['"one"', '"two"']);
    expect(textsOf(second)).toEqual(['"three"']);
  });

  it('leave out what has no text, and are nothing for nothing', () => {
    expect(textsOf(linesOf([1, 2, 3], (n) => (n === 2 ? undefined : `${n}`)))).toEqual(['1', '3']);
    expect(linesOf([], asJson)).toHaveLength(0);
    expect(textsOf(new Uint8Array(0))).toEqual([]);
  });

  it('take nothing else with them', () => {
    expect(linesOf(['x'], asJson).buffer.byteLength).toBe(4);
  });
});
