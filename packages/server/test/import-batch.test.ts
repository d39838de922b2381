import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, freshName, RunningApp } from './running-app.ts';

const folder = new DataFolder();
let running: RunningApp;

beforeAll(async () => {
  running = await RunningApp.start({ store: await folder.store(), keyring: folder.keyring() });
});
afterAll(async () => {
  await running.close();
  await running.engine.store.close();
  folder.remove();
});

const SECRET = 'the-secret-of-another-system';
const run = freshName();

function key(name: string, more: object = {}) {
  const id = `${run}-${name}`;
  return {
    id,
    secret: `${SECRET}-${id}`,
    accountId: 'acct_7',
    environment: 'live',
    kind: 'hmac',
    permissions: [],
    ...more,
  };
}
const send = (keys: unknown, options = {}) => running.post('/v1/keys/import/batch', { keys }, options);
const words = (json: { results: { status: string; code?: string }[] }) =>
  json.results.map(({ status, code }) => code ?? status);

describe('POST /v1/keys/import/batch', () => {
  it('imports what is right and says of the rest what is wrong, key by key and without a secret', async () => {
    const { id: _, ...noId } = key('none');
    const given = [
      key('a'),
      'no key',
      null,
      noId,
      key('b', { kind: 'hmacc', secret: `${SECRET}-bad-kind` }),
      key('c', { passphras: `${SECRET}-typo` }),
      key('d', { expiresAt: 'tomorrow' }),
      key('e', { secret: 'short-secret' }),
      key('f', { constraints: { maxNotionalPerOrder: '1,000' } }),
      key('g', { accountId: 'operator', kind: 'bearer', secret: 'x y'.repeat(9) }),
      key('h'),
      key('a', { secret: `${SECRET}-another` }),
    ];
    const { status, json, text } = await send(given);
    expect(status).toBe(200);
    expect(words(json)).toEqual(['imported', ...Array(9).fill('invalid_body'), 'imported', 'id_taken']);
    const pointers = json.results.map(({ errors }: { errors?: { pointer: string }[] }) =>
      errors?.map(({ pointer }) => pointer).join(' '),
    );
    expect(pointers).toEqual([
      undefined,
      '',
      '',
      '/id',
      '/kind',
      '/passphras',
      '/expiresAt',
      '/secret',
      '/constraints/maxNotionalPerOrder',
      '/secret',
      undefined,
      undefined,
    ]);
    expect(json.results[0]).toEqual({ status: 'imported', id: `${run}-a` });
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain('short-secret');
    for (const [name, there] of [
      ['a', 200],
      ['e', 404],
      ['h', 200],
    ]) {
      expect((await running.get(`/v1/keys/${run}-${name}`)).status).toBe(there);
    }
  });

  it('can be sent again, with an idempotency key and without', async () => {
    const keys = [key('again-1'), key('again-2')];
    const headers = { 'idempotency-key': run };
    const first = await send(keys, { headers });
    expect(words(first.json)).toEqual(['imported', 'imported']);
    expect((await send(keys, { headers })).text).toBe(first.text);
    expect(words((await send(keys)).json)).toEqual(['already_there', 'already_there']);
  });

  it('answers about one key as about many, although it stores the answer', async () => {
    const headers = { 'idempotency-key': `${run}-one` };
    const first = await send([key('one')], { headers });
    expect(first.json).toEqual({ results: [{ status: 'imported', id: `${run}-one` }] });
    expect((await send([key('one')], { headers })).json).toEqual(first.json);
  });

  it('takes 1 to 500 keys in a list, and nothing beside it', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => key(`many-${n}`));
    expect((await send([])).json).toMatchObject({ code: 'invalid_body', errors: [{ pointer: '/keys' }] });
    expect((await send(many(501))).json).toMatchObject({
      code: 'invalid_body',
      errors: [{ pointer: '/keys' }],
    });
    expect((await running.get(`/v1/keys/${run}-many-0`)).status).toBe(404);
    expect(words((await send(many(500))).json)).toEqual(Array(500).fill('imported'));
    expect((await running.post('/v1/keys/import/batch', many(1))).json.code).toBe('invalid_body');
    const beside = { keys: many(1), accountId: 'acct_1' };
    expect((await running.post('/v1/keys/import/batch', beside)).json.code).toBe('invalid_body');
  });

  it('needs keys.write, and makes no operator for one who has only that', async () => {
    const reader = await running.operatorWith('keys.read');
    expect((await send([key('x')], { token: reader.secret })).json.code).toBe('permission_denied');
    const writer = await running.operatorWith('keys.write');
    const operator = key('y', { accountId: 'operator', permissions: ['verify'] });
    const { json } = await send([operator, key('z')], { token: writer.secret });
    expect(words(json)).toEqual(['permission_denied', 'imported']);
  });
});
