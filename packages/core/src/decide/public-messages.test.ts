import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicMessage, type PublicMessage } from './public-messages.ts';

const PING: PublicMessage = { text: 'ping' };
const SUBSCRIBE: PublicMessage = {
  conditions: [
    { pointer: '/op', values: ['subscribe', 'unsubscribe'] },
    { pointer: '/args/*/channel', values: ['ticker', 'books'] },
  ],
};
const NUMBERED: PublicMessage = { conditions: [{ pointer: '/id', values: [1, true, '2'] }] };
const NESTED: PublicMessage = { conditions: [{ pointer: '/a/*/*/b', values: ['x'] }] };

const args = (...channels: string[]) => channels.map((channel) => ({ channel }));

describe('isPublicMessage', () => {
  it.each([
    ['ping'],
    [JSON.stringify({ op: 'subscribe', args: args('ticker') })],
    [JSON.stringify({ op: 'unsubscribe', args: args('ticker', 'books', 'ticker') })],
    [' { "args" : [ { "channel" : "books" } ] , "op" : "subscribe" } '],
    ['{"id":1}'],
    ['{"id":1.0}'],
    ['{"id":"2"}'],
    ['{"id":true}'],
    ['{"a":[[{"b":"x"}],[{"b":"x"},{"b":"x"}]]}'],
  ])('lets %s pass', (message) => {
    expect(isPublicMessage([PING, SUBSCRIBE, NUMBERED, NESTED], message)).toBe(true);
  });

  it.each([
    ['Ping'],
    ['ping '],
    [''],
    ['null'],
    ['[]'],
    ['"subscribe"'],
    [JSON.stringify({ op: 'subscribe', args: [] })],
    [JSON.stringify({ op: 'subscribe', args: {} })],
    [JSON.stringify({ op: 'subscribe' })],
    [JSON.stringify({ op: 'subscribe', args: args('ticker', 'orders') })],
    [JSON.stringify({ op: 'subscribe', args: [{ channel: ['ticker'] }] })],
    [JSON.stringify({ op: ['subscribe'], args: args('ticker') })],
    ['{"op":"subscribe","args":[{"channel":"ticker"}],"op":"order"}'],
    ['{"op":"subscribe","args":[{"channel":"ticker","channel":"orders"}]}'],
    ['{"op":"subscribe","\\u006fp":"order","args":[{"channel":"ticker"}]}'],
    ['{"__proto__":{"op":"subscribe","args":[{"channel":"ticker"}]}}'],
    ['{"id":1.5}'],
    ['{"id":"1"}'],
    ['{"id":2}'],
    ['{"id":"true"}'],
    ['{"id":[1]}'],
    ['{"id":null}'],
    ['{"a":[[],[{"b":"x"}]]}'],
    ['{"op":"subscribe","args":[{"channel":"ticker"}]'],
  ])('does not let %s pass', (message) => {
    expect(isPublicMessage([PING, SUBSCRIBE, NUMBERED, NESTED], message)).toBe(false);
  });

  it('lets nothing pass where nothing is declared, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (message) => {
        expect(isPublicMessage([], message)).toBe(false);
        expect(() => isPublicMessage([PING, SUBSCRIBE, NUMBERED, NESTED], message)).not.toThrow();
      }),
    );
  });
});
