import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countersign, type RunningService, startOther, startRealService } from './command.ts';

let service: RunningService;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

const LIST = ['keys', 'list', '--json'];
const stackLine = /^\s+at /m;

function envFile(name: string, values: Readonly<Record<string, string>>, mode = 0o600): string {
  const path = join(service.folder, name);
  writeFileSync(
    path,
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
    { mode },
  );
  return path;
}

describe('the connection', () => {
  it('comes from ./data/operator.env where there is one', async () => {
    expect(await countersign(LIST, { cwd: service.folder })).toMatchObject({ code: 0, stderr: '' });
  });

  it('comes from a named file before the environment', async () => {
    const file = envFile('named.env', service.env);
    const env = { COUNTERSIGN_URL: 'http://127.0.0.1:1', COUNTERSIGN_SECRET: 'cb_wrong' };
    expect(await countersign([...LIST, '--env-file', file], { env })).toMatchObject({ code: 0 });
  });

  it('takes --url before everything', async () => {
    const env = { ...service.env, COUNTERSIGN_URL: 'http://127.0.0.1:1' };
    expect(await countersign([...LIST, '--url', `${service.url}/`], { env })).toMatchObject({ code: 0 });
  });

  it('says what is missing', async () => {
    const { code, stderr } = await countersign(LIST);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no operator credential. Set COUNTERSIGN_SECRET');
  });

  it('refuses an env file that others can read', async () => {
    const file = envFile('open.env', service.env, 0o640);
    const { code, stderr } = await countersign([...LIST, '--env-file', file]);
    expect(code).toBe(1);
    expect(stderr).toContain(`chmod 600 ${file}`);

    const folder = join(service.folder, 'elsewhere');
    mkdirSync(join(folder, 'data'), { recursive: true });
    envFile('elsewhere/data/operator.env', service.env, 0o644);
    expect((await countersign(LIST, { cwd: folder })).stderr).toContain('chmod 600 ./data/operator.env');
  });

  it('refuses an env file that is not there', async () => {
    const { code, stderr } = await countersign([...LIST, '--env-file', '/nowhere/operator.env']);
    // Node 20 looks for the file itself, and says so in its own words.
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/\/nowhere\/operator\.env.*(not found|no such file)/);
    expect(stderr).not.toMatch(stackLine);
  });

  it.each(['http://192.0.2.1:8420', 'http://keys.example.com', 'http://127.0.0.1.example.com'])(
    'does not send the token to %s in plain text',
    async (url) => {
      const { code, stderr } = await countersign([...LIST, '--url', url], { env: service.env });
      expect(code).toBe(1);
      expect(stderr).toContain('is not sent');
      expect(stderr).toContain('https://');
      expect(stderr).not.toContain(service.token);
    },
  );

  it.each([
    'keys.example.com',
    'ftp://keys.example.com',
    'https://user:hunter2@keys.example.com',
    'https://keys.example.com/?a=hunter2',
  ])('takes %s for no address of a service', async (url) => {
    const { code, stderr } = await countersign([...LIST, '--url', url], { env: service.env });
    expect(code).toBe(2);
    expect(stderr).not.toContain('hunter2');
  });

  it.each([
    ['with a line end inside', 'cb_live_a\nb'],
    ['with a space', 'cb_live a'],
    ['beyond ASCII', 'cb_livé'],
  ])('refuses a token %s without repeating it', async (_what, token) => {
    const { code, stderr } = await countersign(LIST, { env: { ...service.env, COUNTERSIGN_SECRET: token } });
    expect(code).toBe(1);
    expect(stderr).toContain('COUNTERSIGN_SECRET from the environment has a character');
    expect(stderr).not.toContain('cb_liv');
  });

  it('knows a signing secret from a token', async () => {
    const { stderr } = await countersign(LIST, {
      env: { ...service.env, COUNTERSIGN_SECRET: 'cs_live_abc' },
    });
    expect(stderr).toContain('bearer token');
  });
});

describe('a service that refuses or does not answer', () => {
  it('refuses a wrong token, and the command says where it came from', async () => {
    const { code, stdout, stderr } = await countersign(LIST, {
      env: { ...service.env, COUNTERSIGN_SECRET: 'cb_wrong' },
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^credential_unknown: .*\n {2}Request req_\w+\n {2}The credential came from the environment\.\n$/,
    );
  });

  it('refuses an operator without the permission', async () => {
    const args = [
      'keys',
      'create',
      '--account',
      'operator',
      '--environment',
      'live',
      '--kind',
      'bearer',
      '--permission',
      'keys.read',
    ];
    const { secret } = await service.json<{ secret: string }>(args);
    const env = { ...service.env, COUNTERSIGN_SECRET: secret };
    expect((await countersign(LIST, { env })).code).toBe(0);
    const { code, stderr } = await countersign(['audit', 'list'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^permission_denied: /);
  });

  it('is not there: says what to start', async () => {
    const { code, stderr } = await countersign(LIST, {
      env: { ...service.env, COUNTERSIGN_URL: 'http://127.0.0.1:1' },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^http:\/\/127\.0\.0\.1:1 cannot be called: .*\n$/);
    expect(stderr).not.toMatch(stackLine);
    const free = await startOther(() => {});
    await free.stop();
    expect((await countersign(LIST, { env: free.env })).stderr).toContain('countersign serve');
  });

  it.each([
    [
      'HTML',
      200,
      { 'content-type': 'text/html' },
      '<html>hello</html>',
      '200 with text/html that is no answer',
    ],
    ['a gateway page', 502, { 'content-type': 'text/html' }, '<h1>Bad gateway</h1>', '502 with text/html'],
    ['nothing', 200, {}, '', '200 with nothing'],
    ['an empty failure', 503, {}, '', '503 with nothing'],
    ['a redirect', 302, { location: 'https://example.com/' }, '', '302, a redirect'],
    [
      'other JSON',
      200,
      { 'content-type': 'application/json' },
      '{"hello":1}',
      'JSON that this version does not understand',
    ],
    [
      'a bare null',
      200,
      { 'content-type': 'application/json' },
      'null',
      'JSON that this version does not understand',
    ],
    [
      'JSON that is cut off',
      200,
      { 'content-type': 'application/json' },
      '{"data":[',
      'no answer of the service',
    ],
    [
      'a failure that is no problem',
      400,
      { 'content-type': 'application/json' },
      '{"error":"no"}',
      '400 with application/json',
    ],
  ])('answers with %s', async (_what, status, headers, body, said) => {
    const other = await startOther((_request, response) => response.writeHead(status, headers).end(body));
    const { code, stdout, stderr } = await countersign(LIST, { env: other.env });
    await other.stop();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).toContain(other.url);
    expect(stderr).not.toMatch(stackLine);
  });

  it('hangs up on a change: it is tried once more, as the same request', async () => {
    const keys: unknown[] = [];
    const other = await startOther((request) => {
      keys.push(request.headers['idempotency-key']);
      request.socket.destroy();
    });
    const args = [
      'keys',
      'create',
      '--account',
      'a',
      '--environment',
      'live',
      '--kind',
      'hmac',
      '--no-permission',
    ];
    const { code, stderr } = await countersign(args, { env: other.env });
    await other.stop();
    expect(code).toBe(1);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(stderr).toContain('Whether it was carried out is not known.');
    expect(stderr).not.toMatch(stackLine);
  });

  it('sends terminal sequences: they are not passed on', async () => {
    const problem = { code: 'not_found', detail: '\u001b[2Jgone\u0007', requestId: 'req_\u001b[0m' };
    const other = await startOther((_request, response) =>
      response.writeHead(404).end(JSON.stringify(problem)),
    );
    const { stderr } = await countersign(LIST, { env: other.env });
    await other.stop();
    expect(stderr).toContain('gone');
    expect(stderr).not.toContain('\u001b');
  });

  it('asks to wait', async () => {
    const other = await startOther((_request, response) =>
      response
        .writeHead(429, { 'retry-after': '7' })
        .end(JSON.stringify({ code: 'too_many_failures', detail: 'Too many.' })),
    );
    const { stderr } = await countersign(LIST, { env: other.env });
    await other.stop();
    expect(stderr).toBe('too_many_failures: Too many.\n  Try again in 7 s.\n');
  });
});
