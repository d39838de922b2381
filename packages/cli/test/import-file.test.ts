import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningService, startRealService } from './command.ts';
import { runHere } from './in-process.ts';

let service: RunningService;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

const SECRET = 'the-secret-of-another-system';
const HEADER = 'id,secret,accountId,environment,kind';

async function importing(name: string, content: string | Buffer, ...args: string[]) {
  const path = join(service.folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  const said = await runHere(['keys', 'import', '--from', path, ...args], { env: service.env });
  for (const text of [said.printed, said.noted]) expect(text).not.toContain(SECRET);
  return { code: said.exitCode, stdout: said.printed, stderr: said.noted.replaceAll(path, name) };
}

async function shown(id: string) {
  const { printed, noted } = await runHere(['keys', 'show', id, '--json'], { env: service.env });
  return printed === '' ? noted.split(':')[0] : JSON.parse(printed);
}

const row = (id: string, ...more: string[]) =>
  [id, `${SECRET}-${id}`, 'acct_7', 'live', 'hmac', ...more].join(',');

describe('a CSV file', () => {
  it('sets every kind of field', async () => {
    const text = [
      `${HEADER},label,permissions,dialects,passphrase,allowedIps,expiresAt,rateLimits,nonceWindow,constraints.instruments,constraints.maxNotionalPerOrder,metadata.broker,metadata.a.b`,
      row(
        'csv-all',
        '"grid, ""7"""',
        'spot.read spot.trade',
        'bitget;okx',
        'Passphrase1',
        '203.0.113.0/24; 2001:db8::/48',
        '2099-01-01T00:00:00+02:00',
        'orders=10/1s burst=100/1m',
        '5',
        'BTCUSDT ETHUSDT',
        '1000.50',
        'alpha',
        'ä ✓',
      ),
      row('csv-none', ...Array(12).fill('')),
    ].join('\r\n');
    expect(await importing('all.csv', text)).toEqual({
      code: 0,
      stdout: 'Imported 2, already there 0, failed 0.\n',
      stderr: '',
    });
    expect(await shown('csv-all')).toMatchObject({
      label: 'grid, "7"',
      permissions: ['spot.read', 'spot.trade'],
      dialects: ['bitget', 'okx'],
      allowedIps: ['203.0.113.0/24', '2001:db8::/48'],
      expiresAt: '2098-12-31T22:00:00.000Z',
      rateLimits: [
        { name: 'orders', quota: 10, windowSeconds: 1 },
        { name: 'burst', quota: 100, windowSeconds: 60 },
      ],
      nonceWindow: 5,
      constraints: { instruments: ['BTCUSDT', 'ETHUSDT'], maxNotionalPerOrder: '1000.50' },
      metadata: { broker: 'alpha', 'a.b': 'ä ✓' },
    });
    expect(await shown('csv-none')).toMatchObject({
      label: '',
      permissions: [],
      dialects: null,
      allowedIps: null,
      expiresAt: null,
      metadata: {},
    });
  });

  it('has a mark at its beginning, line ends of Windows, empty lines, or a field of several lines', async () => {
    const pem =
      '-----BEGIN PUBLIC KEY-----\r\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\r\n-----END PUBLIC KEY-----\r\n';
    const text = `\ufeff${HEADER},publicKey\r\n\r\n${row('csv-1', '')}\r\ncsv-2,,acct_7,live,ed25519,"${pem}"\r\n\r\n${row('csv-3', '')},too many\r\n${row('csv-4', '')}`;
    const { code, stdout, stderr } = await importing('windows.csv', text);
    expect(stderr).toBe('windows.csv:9: invalid_line: has 7 fields, and the header has 6\n');
    expect([code, stdout]).toEqual([1, 'Imported 3, already there 0, failed 1.\n']);
    expect(await shown('csv-2')).toMatchObject({ kind: 'ed25519' });
  });

  const HEADERS: readonly [string, string, string][] = [
    ['an unknown column', `${HEADER},passphras`, 'has an unknown column 6: "passphras"'],
    [
      'an unknown constraint',
      `${HEADER},constraints.colour`,
      'has an unknown column 6: "constraints.colour"',
    ],
    ['metadata without a name', `${HEADER},metadata`, 'has an unknown column 6: "metadata"'],
    ['an empty name', `${HEADER},`, 'has an unknown column 6: ""'],
    ['one column twice', `${HEADER},kind`, 'names the column kind twice'],
    ['a missing column', 'id,secret,kind', 'lacks the column accountId and environment'],
    ['no header', row('csv-headless'), 'is no header: it names none of the columns'],
    ['another separator', HEADER.replaceAll(',', ';'), 'is no header: it names none of the columns'],
  ];
  it.each(HEADERS)('with %s is refused before anything is sent', async (_, header, message) => {
    const { code, stdout, stderr } = await importing('header.csv', `${header}\n${row('csv-unsent', '')}\n`);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`header.csv:1: The line ${message}`);
    expect(await shown('csv-unsent')).toBe('not_found');
  });

  it('with a value that cannot be read is refused by line and field', async () => {
    const text = `${HEADER},nonceWindow,rateLimits\n${row('v-1', '1.5', '')}\n${row('v-2', '', 'ten')}\n${row('v-3', '7', '')}\n`;
    const { stdout, stderr } = await importing('values.csv', text);
    expect(stdout).toBe('Imported 1, already there 0, failed 2.\n');
    expect(stderr).toContain('values.csv:2: invalid_line: /nonceWindow: Write a whole number.\n');
    expect(stderr).toContain('values.csv:3: invalid_line: /rateLimits: Write name=quota/window');
  });

  it('with quotes that do not match is refused by line, and nothing of the line is shown', async () => {
    const text = [
      HEADER,
      `q-1,"${SECRET}"x,a,live,hmac`,
      row('q-2'),
      `q-3,${SECRET}"x",a,live,hmac`,
      `q-4,"${SECRET}`,
      row('q-5'),
      `",a,live`,
      `q-6,${SECRET}${'x'.repeat(300_000)},a,live,hmac`,
      row('q-7'),
    ].join('\n');
    const { code, stdout, stderr } = await importing('quotes.csv', text);
    expect(stderr.split('\n').sort()).toEqual([
      '',
      'quotes.csv:2: invalid_line: has neither a comma nor its end after a closing quote',
      'quotes.csv:4: invalid_line: has a quote within a field that does not begin with one',
      'quotes.csv:5: invalid_line: has 4 fields, and the header has 5 (it goes on to line 7)',
      'quotes.csv:8: invalid_line: is longer than 262144 bytes',
    ]);
    expect([code, stdout]).toEqual([1, 'Imported 2, already there 0, failed 4.\n']);
  });

  it('with a quote that is never closed stops there: what came before it is imported', async () => {
    const open = `q-9,"${SECRET},a,live,hmac`;
    for (const [rest, where] of [
      [row('q-10'), ''],
      [`${row('q-10')}\n`.repeat(5_000), ' within 262144 bytes'],
    ]) {
      const { code, stdout, stderr } = await importing(
        'open.csv',
        `${HEADER}\n${row('q-8')}\n${open}\n${rest}`,
      );
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`open.csv:3: invalid_csv: A quote is opened here and not closed${where}.\n`);
      expect(stderr).toMatch(
        /(Imported 1, already there 0|Imported 0, already there 1), failed 0 before that/,
      );
    }
    expect(await shown('q-10')).toBe('not_found');
  });
});

describe('JSON lines', () => {
  const line = (id: string, more: object = {}) =>
    JSON.stringify({
      id,
      secret: `${SECRET}-${id}`,
      accountId: 'acct_7',
      environment: 'live',
      kind: 'hmac',
      permissions: [],
      ...more,
    });

  it('have a mark at their beginning, line ends of Windows, or no end', async () => {
    const { stdout } = await importing('windows.jsonl', `\ufeff${line('j-1')}\r\n\r\n${line('j-2')}`);
    expect(stdout).toBe('Imported 2, already there 0, failed 0.\n');
  });

  it('that are too long, no UTF-8, no object, or that no parser takes keep no other back', async () => {
    const bytes = Buffer.from(`${line('j-bad', { label: '?' })}\n`);
    bytes[bytes.indexOf('?')] = 0xff;
    const content = Buffer.concat([
      Buffer.from(`${line('j-3')}\n${line('j-long', { label: 'x'.repeat(300_000) })}\n`),
      bytes,
      Buffer.from(`[]\n{"__proto__":1,${line('j-proto').slice(1)}\n${line('j-4')}\n`),
    ]);
    const { code, stdout, stderr } = await importing('bad.jsonl', content);
    expect(stderr.split('\n').sort()).toEqual([
      '',
      'bad.jsonl:2: invalid_line: is longer than 262144 bytes',
      'bad.jsonl:3: invalid_line: is not UTF-8',
      'bad.jsonl:4: invalid_line: is not a JSON object',
      'bad.jsonl:5: invalid_json: The body has a name that is not allowed: __proto__ or constructor.',
    ]);
    expect([code, stdout]).toEqual([1, 'Imported 2, already there 0, failed 4.\n']);
  });

  it('may be none', async () => {
    for (const [name, content] of [
      ['empty.jsonl', ''],
      ['empty.csv', ''],
      ['header.csv', HEADER],
    ] as const) {
      expect(await importing(name, content)).toMatchObject({
        code: 0,
        stdout: 'Imported 0, already there 0, failed 0.\n',
      });
    }
  });

  it('more than go into one call are all imported, and what occurs twice is one key', async () => {
    const ids = Array.from({ length: 1_200 }, (_, n) => `n-${n}`);
    const lines = [...ids, ...ids.slice(0, 10)].map((id) => line(id));
    lines.push(line('n-7', { secret: `${SECRET}-another` }));
    const { code, stdout, stderr } = await importing('many.jsonl', lines.join('\n'));
    expect([code, stdout]).toEqual([1, 'Imported 1200, already there 10, failed 1.\n']);
    expect(stderr).toMatch(/^many\.jsonl:1211: id_taken: .*\n$/);
    const again = await importing('many.jsonl', lines.join('\n'), '--from-line', '1201', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({
      imported: 0,
      alreadyThere: 10,
      failed: [{ line: 1211 }],
    });
  });

  it('longer than a call may be go in several', async () => {
    const list = Array.from({ length: 500 }, (_, n) => `INSTRUMENT-${'X'.repeat(48)}${n}`);
    const lines = Array.from({ length: 40 }, (_, n) =>
      line(`big-${n}`, { constraints: { instruments: list } }),
    );
    const { stdout } = await importing('big.jsonl', lines.join('\n'));
    expect(stdout).toBe('Imported 40, already there 0, failed 0.\n');
  });

  it('need their format where the name does not say it', async () => {
    const unnamed = await importing('keys.txt', line('f-1'));
    expect(unnamed).toMatchObject({ code: 2, stdout: '' });
    expect(unnamed.stderr).toContain('say --format');
    expect((await importing('keys.txt', line('f-1'), '--format', 'jsonl')).code).toBe(0);
    expect((await importing('keys.jsonl', `${HEADER}\n${row('f-2')}`, '--format', 'csv')).code).toBe(0);
    const alone = await runHere(['keys', 'import', '--id', 'x', '--failed-out', 'y'], { env: service.env });
    expect(alone).toMatchObject({ exitCode: 2, noted: expect.stringContaining('go with --from FILE') });
  });
});

describe('--failed-out', () => {
  it('collects the lines that were refused, to be mended and imported, for its owner alone', async () => {
    const out = join(service.folder, 'refused.csv');
    const text = `${HEADER},label\n${row('r-1', '')}\n${row('r-2', '"a, b"').replace('hmac', 'hmacc')}\n${row('r-3', '', '')}\n`;
    expect((await importing('some.csv', text, '--failed-out', out)).code).toBe(1);
    const [head, ...lines] = readFileSync(out, 'utf8').split('\n');
    expect(head).toBe(`${HEADER},label`);
    expect(lines.sort()).toEqual(['', row('r-2', '"a, b"').replace('hmac', 'hmacc'), row('r-3', '', '')]);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const mended = readFileSync(out, 'utf8').replace('hmacc', 'hmac').replace(',,\n', ',\n');
    expect((await importing('mended.csv', mended)).stdout).toBe('Imported 2, already there 0, failed 0.\n');
    const again = await importing('some.csv', text, '--failed-out', out);
    expect(again).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('is not overwritten'),
    });
  });

  it('is no file where nothing was refused', async () => {
    const out = join(service.folder, 'none.csv');
    expect((await importing('good.csv', `${HEADER}\n${row('r-9')}\n`, '--failed-out', out)).code).toBe(0);
    expect(existsSync(out)).toBe(false);
  });
});
