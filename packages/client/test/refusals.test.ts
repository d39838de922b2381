import { DENIAL_CODES, DIALECTS, denial } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRefusalReader } from '../src/refusals.ts';

describe.each(DIALECTS.map((dialect) => ({ name: dialect.name, dialect })))(
  'the words of $name',
  ({ dialect }) => {
    const own = createRefusalReader(dialect);
    const reader = { read: (status: number, body: string) => own.read(status, Buffer.from(body)) };

    it.each(DENIAL_CODES.filter((code) => code !== 'credential_missing'))(
      'for %s are known again',
      (code) => {
        const refusal = denial(code, `a detail of ${code}`, {
          permission: 'spot.trade',
          retryAfterSeconds: 3,
          clockDeltaMs: -7,
        });
        const { status, body } = dialect.refuse(refusal, { nowMs: 1_795_500_000_000, requestId: 'req_77' });
        const read = reader.read(status, body);
        expect(read?.isExact).toBe(true);
        // A revoked key is refused like one that never was.
        expect(read?.denials).toContain(code);
      },
    );

    it('are no others', () => {
      for (const body of [
        '{}',
        '[]',
        'null',
        '"x"',
        '',
        '{"code":"00000","data":[]}',
        '{"retCode":0}',
        '{"error":[]}',
        '<html></html>',
      ])
        for (const status of [200, 201, 400, 401, 403, 404, 429, 500, 503])
          expect(reader.read(status, body)).toBeUndefined();
    });

    it('are looked for in any text, without a throw', () => {
      fc.assert(
        fc.property(
          fc.constantFrom(200, 400, 401, 429, 500),
          fc.oneof(fc.string(), fc.json(), fc.json({ maxDepth: 9 })),
          (status, body) => {
            reader.read(status, body);
          },
        ),
      );
      reader.read(400, `${'['.repeat(40_000)}`);
      reader.read(400, JSON.stringify({ __proto__: null, constructor: 1, code: { toString: 1 } }));
    });

    it('tell a time that was refused from a request that was used before, or do not pretend to', () => {
      const { status, body } = dialect.refuse(denial('replayed', 'used'), { nowMs: 1, requestId: 'r' });
      expect(reader.read(status, body)?.denials).toContain('replayed');
    });
  },
);
