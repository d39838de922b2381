import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../src/keys/api-key.ts';
import { collectHours } from '../src/keys/hours-option.ts';
import { countersign, type RunningService, startRealService } from './command.ts';

let service: RunningService;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

const BEARER = ['--account', 'acct_1', '--environment', 'test', '--kind', 'bearer', '--no-permission'];
const ALL = [
  ...['--instrument', 'BTCUSDT', '--instrument', 'ETHUSDT', '--side', 'buy', '--order-type', 'limit'],
  ...['--max-notional-per-order', '1000', '--max-notional-per-day', '5000.5'],
  ...['--max-notional-per-30-days', '20000', '--withdraw-to', 'bc1qours', '--withdraw-to', 'bc1qother'],
  ...['--hours', 'mon-fri 09:00-17:30', '--hours', 'sat,sun 00:00-24:00', '--time-zone', 'Europe/Berlin'],
  ...['--expression', 'facts.side == "buy"'],
];
const WORK_DAYS = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:30' };
const CONSTRAINTS = {
  instruments: ['BTCUSDT', 'ETHUSDT'],
  sides: ['buy'],
  orderTypes: ['limit'],
  maxNotionalPerOrder: '1000',
  maxNotionalPerDay: '5000.5',
  maxNotionalPer30Days: '20000',
  withdrawalAddresses: ['bc1qours', 'bc1qother'],
  hours: {
    timeZone: 'Europe/Berlin',
    windows: [WORK_DAYS, { days: ['sat', 'sun'], from: '00:00', to: '24:00' }],
  },
  expression: 'facts.side == "buy"',
};

const create = (...more: string[]): Promise<ApiKey> => service.json(['keys', 'create', ...BEARER, ...more]);
const edit = (id: string, ...more: string[]): Promise<ApiKey> => service.json(['keys', 'edit', id, ...more]);
const run = (args: readonly string[]) => countersign(args, { env: service.env });

describe('constraints by options', () => {
  it('are sent as the fields of their names, and shown', async () => {
    const { id, constraints } = await create(...ALL);
    expect(constraints).toEqual(CONSTRAINTS);
    const { stdout } = await run(['keys', 'show', id]);
    const lines = stdout.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));
    for (const line of [
      'instruments | BTCUSDT, ETHUSDT',
      'sides | buy',
      'order types | limit',
      'largest order | 1000',
      'in 24 hours | 5000.5',
      'in 30 days | 20000',
      'withdraws to | bc1qours',
      'bc1qother',
      'hours | mon,tue,wed,thu,fri 09:00-17:30',
      'sat,sun 00:00-24:00',
      'Europe/Berlin',
      'expression | facts.side == "buy"',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('say that there are none', async () => {
    const { id } = await create();
    const { stdout } = await run(['keys', 'show', id]);
    for (const line of [/^sides +any$/m, /^in 24 hours +any$/m, /^withdraws to +any address$/m]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout).toMatch(/^hours +at any time$/m);
    expect(stdout).toMatch(/^expression +none$/m);
  });

  it('are edited one by one, the others stay', async () => {
    const { id } = await create(...ALL);
    const { constraints } = await edit(id, '--side', 'sell', '--max-notional-per-day', '6000');
    expect(constraints).toEqual({ ...CONSTRAINTS, sides: ['sell'], maxNotionalPerDay: '6000' });
    const moved = await edit(id, '--time-zone', 'UTC');
    expect(moved.constraints.hours).toEqual({ ...CONSTRAINTS.hours, timeZone: 'UTC' });
    const shorter = await edit(id, '--hours', 'mon-fri 09:00-17:30');
    expect(shorter.constraints.hours).toEqual({ timeZone: 'UTC', windows: [WORK_DAYS] });
  });

  it('are not taken away and given in one edit', async () => {
    const { id } = await create(...ALL);
    const { code, stderr } = await run(['keys', 'edit', id, '--no-hours', '--time-zone', 'UTC']);
    expect([code, stderr]).toEqual([2, '--no-hours takes the hours away: leave --time-zone out.\n']);
  });

  it('are taken away one by one', async () => {
    const { id } = await create(...ALL);
    const names = ['side', 'order-type', 'max-notional-per-day', 'withdraw-to', 'hours', 'expression'];
    const { constraints } = await edit(id, ...names.map((name) => `--no-${name}`));
    expect(constraints).toEqual({
      instruments: CONSTRAINTS.instruments,
      maxNotionalPerOrder: '1000',
      maxNotionalPer30Days: '20000',
    });
    const none = ['--no-instrument', '--no-max-notional-per-order', '--no-max-notional-per-30-days'];
    expect((await edit(id, ...none)).constraints).toEqual({});
  });

  it.each([
    [['--hours', 'mon-fri 09:00-17:30'], '--time-zone'],
    [['--time-zone', 'UTC'], '--hours'],
    [['--hours', 'weekdays 09:00-17:30', '--time-zone', 'UTC'], 'mon-fri 09:00-17:30'],
    [['--hours', 'mon-', '--time-zone', 'UTC'], 'mon-fri 09:00-17:30'],
  ])('are wrong usage: %j', async (options, message) => {
    const { code, stderr } = await run(['keys', 'create', ...BEARER, ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('have their faults shown by the field', async () => {
    const options = ['--hours', 'mon 17:00-09:00', '--time-zone', 'Mars/Phobos', '--expression', '(('];
    const amounts = ['--max-notional-per-order', '1,000', '--max-notional-per-day', 'NaN'];
    const { code, stderr } = await run(['keys', 'create', ...BEARER, ...options, ...amounts]);
    expect(code).toBe(1);
    for (const pointer of [
      'maxNotionalPerOrder is not a decimal',
      'maxNotionalPerDay is not a decimal',
      'hours/timeZone is not a name',
      'hours/windows/0/to must be later',
      'expression column',
    ]) {
      expect(stderr).toContain(`/constraints/${pointer}`);
    }
  });
});

describe('--hours', () => {
  const read = (text: string) => collectHours(text, undefined)[0];

  it.each([
    ['mon 09:00-10:00', ['mon']],
    ['Mon-Wed 09:00-10:00', ['mon', 'tue', 'wed']],
    ['sat-mon 09:00-10:00', ['mon', 'sat', 'sun']],
    ['sun,mon,mon 09:00-10:00', ['mon', 'sun']],
    ['mon-sun 09:00-10:00', ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']],
  ])('%s', (text, days) => expect(read(text)).toEqual({ days, from: '09:00', to: '10:00' }));

  it.each([
    '',
    'mon',
    '09:00-10:00',
    'mon 09:00',
    'mon- 09:00-10:00',
    'mon-tue-wed 09:00-10:00',
    'mo 9-10',
    ',mon 9-10',
  ])('refuses %j', (text) => expect(() => read(text)).toThrow('mon-fri 09:00-17:30'));
});
