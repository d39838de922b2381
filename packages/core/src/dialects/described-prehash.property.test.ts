import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/given.ts';
import type { Denial } from '../denial.ts';
import { faultInRequestLine, type WireRequest } from '../message.ts';
import { type Prehash, prehashBytes } from '../schemes/prehash.ts';
import {
  ambiguitiesIn,
  isDenial,
  openParts,
  PREHASH_WORDS,
  type PrehashPart,
  type PrehashValues,
  prehashMaker,
  type TimestampUnit,
} from './described-prehash.ts';

const word = fc.constantFrom(...PREHASH_WORDS).map((name): PrehashPart => ({ kind: 'word', word: name }));
const header = fc.constant<PrehashPart>({ kind: 'header', name: 'x-a' });
const text = fc
  .constantFrom('\n', ' ', '.', ':', '|', '&', '?', '/', '{', 'G', '1', 'a\n')
  .map((value): PrehashPart => ({ kind: 'text', text: value }));
/** Words and texts in turn, more often than not: such is what is accepted. */
const description = fc.oneof(
  fc.array(fc.oneof({ weight: 4, arbitrary: word }, header, { weight: 3, arbitrary: text }), {
    minLength: 1,
    maxLength: 8,
  }),
  fc
    .array(fc.tuple(fc.oneof({ weight: 5, arbitrary: word }, header), text), { minLength: 1, maxLength: 6 })
    .map((pairs) => pairs.flat()),
);
const unit = fc.constantFrom<TimestampUnit>('ms', 'seconds', 'ISO 8601');

/** Everything that a prehash may depend on. */
interface Sent extends Omit<PrehashValues, 'nonce' | 'host'> {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly nonce: string;
  readonly host: string;
  readonly header: string | undefined;
}

const few = (characters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), maxLength });
const ISO = ['2026-11-24T06:00:00.000Z', '2026-11-24T06:00:00Z', '2026-11-24T06:00:00.001Z'];
/** Short and of few characters, so that what one part lacks another one is likely to have. */
const sent = (of: TimestampUnit): fc.Arbitrary<Sent> =>
  fc.record({
    timestamp: of === 'ISO 8601' ? fc.constantFrom(...ISO) : few('1', 2).map((ones) => `1${ones}`),
    method: few('G', 1).map((more) => `G${more}`),
    target: few('/?1G&.:|{a', 4).map((rest) => `/${rest}`),
    body: few('/?1G&.:|{a \n', 4),
    nonce: few('1Ga/', 1).map((more) => `1${more}`),
    key: few('1Ga', 1).map((more) => `1${more}`),
    host: few('1Ga.:', 1).map((more) => `1${more}`),
    header: fc.option(few('1Ga/ .:|{', 2), { nil: undefined }),
  });

function requestOf({ method, target, body, header: value }: Sent): WireRequest {
  return aRequest({
    method,
    target,
    body: Buffer.from(body, 'latin1'),
    headers: value === undefined ? [] : ['X-A', value],
  });
}

/** What of a request the prehash must tell apart. */
function coveredOf(prehash: readonly PrehashPart[], values: Sent): string {
  const open = openParts(prehash);
  const words = prehash.map((part) => (part.kind === 'word' ? part.word : part.kind));
  const mark = values.target.indexOf('?');
  const path = mark === -1 ? values.target : values.target.slice(0, mark);
  const { timestamp, nonce, key } = values;
  return JSON.stringify([
    open.includes('method') || values.method,
    open.includes('path') || path,
    open.includes('query') || (mark === -1 ? null : values.target.slice(mark)),
    open.includes('body') || values.body,
    open.includes('host') || values.host,
    words.includes('header') && (values.header ?? null),
    words.includes('timestamp') && timestamp,
    words.includes('nonce') && nonce,
    words.includes('key') && key,
  ]);
}

/** Finds two requests that differ in what is covered, and share a prehash. */
function collisionIn(prehash: readonly PrehashPart[], requests: readonly Sent[]): [Sent, Sent] | undefined {
  const make = prehashMaker(prehash);
  const seen = new Map<string, Sent>();
  for (const values of requests) {
    if (faultInRequestLine(values.method, values.target) !== undefined) continue;
    const made: Prehash | Denial = make(requestOf(values), values);
    if (isDenial(made)) continue;
    const bytes = prehashBytes(made).toString('latin1');
    const other = seen.get(bytes);
    if (other !== undefined && coveredOf(prehash, other) !== coveredOf(prehash, values))
      return [other, values];
    seen.set(bytes, values);
  }
  return undefined;
}

const words = (...parts: string[]): PrehashPart[] =>
  parts.map((part) =>
    (PREHASH_WORDS as readonly string[]).includes(part)
      ? ({ kind: 'word', word: part } as PrehashPart)
      : { kind: 'text', text: part },
  );

describe('a prehash in which nothing is ambiguous', () => {
  it('is shared by no two requests that differ in what it covers', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc
          .tuple(description, unit)
          .chain(([prehash, of]) =>
            fc.tuple(
              fc.constant(prehash),
              fc.constant(of),
              fc.array(sent(of), { minLength: 150, maxLength: 150 }),
            ),
          ),
        ([prehash, of, requests]) => {
          if (ambiguitiesIn(prehash, of).length > 0) return;
          accepted++;
          expect(collisionIn(prehash, requests)).toBeUndefined();
        },
      ),
      { numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(300);
  });

  it.each([
    [words('method', '\n', 'path', '\n', 'query', '\n', 'body-sha512-hex', '\n', 'timestamp')],
    [words('timestamp', 'method', 'target', 'json-body')],
    [words('timestamp', '.', 'body')],
    [words('key', '|', 'timestamp', '|', 'nonce', '|', 'method', 'target', '\n', 'body')],
    [words('method', ' ', 'host', 'target', ' ', 'timestamp', '\n', 'body')],
  ])('is found so: %j', (prehash) => expect(ambiguitiesIn(prehash, 'ms')).toEqual([]));
});

describe('an ambiguous prehash', () => {
  it.each([
    [words('timestamp', 'method', 'target', 'body'), 2, 3],
    [words('timestamp', 'method', 'path', 'query', 'body'), 2, 3],
    [words('timestamp', '\n', 'query', 'body'), 2, 3],
    [words('key', 'timestamp'), 0, 1],
    [words('timestamp', 'nonce'), 0, 1],
    [words('timestamp', 'key', 'body'), 0, 1],
    [words('path', '&', 'query'), 0, 1],
    [words('body', 'timestamp'), 0, 1],
    [words('nonce', 'path'), 0, 1],
    [words('method', 'G', 'body'), 0, 1],
  ])('is found, and two requests share it: %j', (prehash, part, next) => {
    expect(ambiguitiesIn(prehash, 'ms')[0]).toMatchObject({ part, next });
    // The search that finds nothing above is one that finds something here.
    const requests = fc.sample(sent('ms'), { numRuns: 6000, seed: 1 });
    expect(collisionIn(prehash, requests)).toBeDefined();
  });

  it('is found where what stands between may be empty', () => {
    const prehash: PrehashPart[] = [...words('target'), { kind: 'header', name: 'x-a' }, ...words('body')];
    expect(ambiguitiesIn(prehash, 'ms')).toMatchObject([
      { part: 0, next: 1 },
      { part: 1, next: 2 },
    ]);
    expect(ambiguitiesIn(words('timestamp', 'query', 'key'), 'ms')).toMatchObject([
      { part: 0, next: 1 },
      { part: 1, next: 2 },
    ]);
    // An ISO timestamp ends with its Z, whatever follows.
    expect(ambiguitiesIn(words('timestamp', 'query', '\n', 'body'), 'ISO 8601')).toEqual([]);
  });
});

it('a request that would be a second spelling of another has no prehash', () => {
  const values = { timestamp: '1', key: 'k', nonce: 'n', host: 'h' };
  const denied = (prehash: readonly PrehashPart[], over: Partial<WireRequest>) =>
    isDenial(prehashMaker(prehash)(aRequest(over), values));
  const split = words('path', '\n', 'query');
  expect(denied(split, { target: '/a?' })).toBe(true);
  expect(denied(split, { target: '/a??' })).toBe(false);
  expect(denied(words('target'), { target: '/a?' })).toBe(false);
  const json = words('target', 'json-body');
  for (const body of ['x', ' {}', '"{"', '1'])
    expect(denied(json, { target: '/', body: Buffer.from(body) }), body).toBe(true);
  for (const body of ['', '{}', '[1]', '{'])
    expect(denied(json, { target: '/', body: Buffer.from(body) }), body).toBe(false);
  for (const target of ['/{', '/?a[]=1']) expect(denied(json, { target }), target).toBe(true);
  const withHeader: PrehashPart[] = [{ kind: 'header', name: 'x-a' }];
  for (const headers of [
    ['X-A', ''],
    ['x-a', 'é'],
    ['x-a', '1', 'X-A', '1'],
  ])
    expect(denied(withHeader, { headers }), headers.join()).toBe(true);
  for (const headers of [[], ['x-a', 'a b']])
    expect(denied(withHeader, { headers }), headers.join()).toBe(false);
});

it('a key, nonce or host with a character that could be of the next part has no prehash', () => {
  const make = prehashMaker(words('key', '\n', 'nonce', '\n', 'host'));
  const good = { timestamp: '1', key: 'ck_live_0-a', nonce: 'aA0+/=-_', host: 'api.example:8443' };
  expect(isDenial(make(aRequest(), good))).toBe(false);
  for (const over of [{ key: 'a.b' }, { key: 'a\nb' }, { nonce: 'a.b' }, { nonce: '' }, { host: 'a/b' }])
    expect(isDenial(make(aRequest(), { ...good, ...over })), JSON.stringify(over)).toBe(true);
  for (const over of [{ nonce: undefined }, { host: undefined }])
    expect(isDenial(make(aRequest(), { ...good, ...over }))).toBe(true);
});
