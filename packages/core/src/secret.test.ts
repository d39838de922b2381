import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

const TEXT = 'hunter2-very-secret';
const secret = new Secret(TEXT);
const nested = { user: 'a', list: [secret], map: new Map([['k', secret]]), deep: { er: { secret } } };

describe('Secret', () => {
  it('gives the text out on request only', () => expect(secret.expose()).toBe(TEXT));

  it.each<[string, () => string]>([
    ['String()', () => String(secret)],
    ['a template', () => `${secret}`],
    ['concatenation', () => ''.concat(secret as unknown as string)],
    ['join', () => [secret, secret].join()],
    ['JSON', () => JSON.stringify(secret)],
    ['JSON, nested', () => JSON.stringify(nested)],
    ['inspect', () => inspect(secret)],
    ['inspect, nested', () => inspect(nested, { depth: 10 })],
    ['inspect, with what is hidden', () => inspect(nested, { showHidden: true, getters: true, depth: 10 })],
    ['inspect, without custom inspection', () => inspect(nested, { customInspect: false, depth: 10 })],
    ['format', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['an error', () => String(new Error(`failed with ${secret}`))],
    ['an error with a cause', () => inspect(new Error('failed', { cause: secret }))],
    ['its keys', () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret), { ...secret }])],
    ['a structured clone', () => inspect(structuredClone({ ...secret }))],
  ])('does not show it through %s', (_, print) => expect(print()).not.toContain(TEXT));

  it.each<[string, () => string]>([
    ['String()', () => String(secret)],
    ['inspect', () => inspect(secret)],
    ['JSON', () => JSON.parse(JSON.stringify(secret))],
  ])('says [redacted] through %s', (_, print) => expect(print()).toBe('[redacted]'));
});
