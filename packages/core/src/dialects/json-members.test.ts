import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasRepeatedName, hasSimilarNames, jsonElements, jsonMembers, scalarText } from './json-members.ts';

describe('jsonMembers', () => {
  it('keeps numbers as they are written, and names that occur twice', () => {
    expect(jsonMembers(' {"a":1.10, "b" : [1,{"c":2}] ,"a":"x,y}","\\u0064":{"a":"]"}} ')).toEqual([
      { name: 'a', value: '1.10' },
      { name: 'b', value: '[1,{"c":2}]' },
      { name: 'a', value: '"x,y}"' },
      { name: 'd', value: '{"a":"]"}' },
    ]);
  });

  it.each(['', '1', '"a"', 'null', '[]', '[{"a":1}]', '{', '{"a":1', '{"a":1}}', '{a:1}'])(
    'finds none in %s',
    (text) => expect(jsonMembers(text)).toBeUndefined(),
  );

  it('finds what JSON.parse finds', () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    fc.assert(
      fc.property(objects, fc.constantFrom(undefined, 1, '\t'), (object, space) => {
        const members = jsonMembers(JSON.stringify(object, null, space)) ?? [];
        expect(members.map(({ name, value }) => [name, JSON.parse(value)])).toEqual(
          Object.entries(JSON.parse(JSON.stringify(object))),
        );
      }),
    );
  });
});

it.each([
  ['"a\\u0062"', 'ab'],
  ['-1.50e3', '-1.50e3'],
  ['true', 'true'],
  ['null', undefined],
  ['{}', undefined],
  ['["a"]', undefined],
  ['', undefined],
])('scalarText of %s', (json, text) => expect(scalarText(json)).toBe(text));

it('hasRepeatedName', () => {
  const members = (...names: string[]) => names.map((name) => ({ name, value: '1' }));
  expect(hasRepeatedName(members('a', 'b', 'a'))).toBe(true);
  expect(hasRepeatedName(members('a', 'b', 'A'))).toBe(false);
});

it('hasSimilarNames', () => {
  const members = (...names: string[]) => names.map((name) => ({ name, value: '1' }));
  for (const other of ['task', 'Task', 'TASK', 'ta\u017fk', 'tas\u212a'])
    expect(hasSimilarNames(members('task', 'b', other))).toBe(true);
  expect(hasSimilarNames(members('task', 'tasks', 'tas'))).toBe(false);
});

describe('jsonElements', () => {
  it('keeps elements as they are written', () =>
    expect(jsonElements(' [1.10, "x,]" ,{"a":[2]},[ ], null]')).toEqual([
      '1.10',
      '"x,]"',
      '{"a":[2]}',
      '[ ]',
      'null',
    ]));

  it.each(['', '1', '{}', '{"a":[1]}', '[', '[1,]', '[1]]'])('finds none in %s', (text) =>
    expect(jsonElements(text)).toBeUndefined(),
  );

  it('finds what JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (array, space) => {
        const elements = jsonElements(JSON.stringify(array, null, space)) ?? [];
        expect(elements.map((text) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(array)));
      }),
    );
  });
});
