import { expect, it } from 'vitest';
import { DEFAULT_WINDOW, readRecvWindow } from './recv-window.ts';

it.each([
  ['0', 0],
  ['5000', 5000],
  ['6000.346', 6000.346],
  ['60000', 60_000],
  ['60000.000', 60_000],
])('reads %s', (text, ms) => {
  const window = readRecvWindow(text);
  expect(window?.pastMs).toBeCloseTo(ms, 2);
  expect(window?.futureMs).toBe(DEFAULT_WINDOW.futureMs);
});

it.each([
  '',
  '60000.001',
  '60001',
  '99999',
  '100000',
  '-1',
  '+1',
  '05',
  '1.',
  '.5',
  '1.2345',
  '1e3',
  ' 1',
  '1\n',
])('does not read %j', (text) => expect(readRecvWindow(text)).toBeUndefined());
