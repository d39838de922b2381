import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { countersign, type RunningService, startOther, startRealService } from './command.ts';
import { drawnFrom, sealed } from './scan/drawn.ts';
import { createRepository, type Repository } from './scan/repository.ts';

const drawn = drawnFrom('scan-verify');
let service: RunningService;
let repository: Repository;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());
beforeEach(() => {
  repository = createRepository();
});
afterEach(() => repository.remove());

const scan = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  countersign(['scan', '--verify', '--format', 'json', ...args], { cwd: repository.folder, env });

it('asks the service which keys are live', async () => {
  const body = { accountId: 'acct_leak', environment: 'live', permissions: [] };
  const issue = async (kind: string) => {
    const response = await fetch(`${service.url}/v1/keys`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${service.token}`,
        'content-type': 'application/json',
        'idempotency-key': kind,
      },
      body: JSON.stringify({ ...body, kind }),
    });
    return (await response.json()) as { id: string; secret: string };
  };
  const bearer = await issue('bearer');
  const hmac = await issue('hmac');
  const revoked = await service.json<{ id: string }>([
    'keys',
    'revoke',
    hmac.id,
    '--reason',
    'leaked',
    '--yes',
  ]);
  expect(revoked).toBeDefined();
  repository.write('bearer.env', `TOKEN=${bearer.secret}\n`);
  repository.write('hmac.env', `ID=${hmac.id}\nSECRET=${hmac.secret}\n`);
  repository.write('invented.env', `ID=${sealed(`ck_live_${drawn.text(30)}`)}\n`);
  repository.write('lonely.env', `SECRET=${sealed(`cs_live_${drawn.text(43)}`)}\n`);
  const { code, stdout } = await scan(service.env);
  expect(code).toBe(1);
  const findings = JSON.parse(stdout).findings as { path: string; standing: string }[];
  expect(findings.map(({ path, standing }) => `${path}: ${standing.replace(/ck_\w+/, '…')}`)).toEqual([
    'bearer.env: key … is active',
    'hmac.env: key … is revoked',
    'hmac.env: key … is revoked',
    'invented.env: key … is not known to the service',
    'lonely.env: cannot be asked for: which key it belongs to is not told near it',
  ]);
});

it('sends ids, and no secret', async () => {
  const seen: string[] = [];
  const other = await startOther((request, response) => {
    seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.statusCode = 404;
    response.setHeader('content-type', 'application/problem+json');
    response.end(JSON.stringify({ code: 'key_unknown', detail: 'none', status: 404, title: 'none' }));
  });
  const token = sealed(`cb_live_${drawn.text(79)}`);
  const secret = sealed(`cs_live_${drawn.text(43)}`);
  const exchange = drawn.text(64);
  repository.write('a.env', `A=${token}\nB=${secret}\nBINANCE_SECRET=${exchange}\n`);
  const { code } = await scan(other.env);
  await other.stop();
  expect(code).toBe(1);
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatch(/^GET \/v1\/keys\/ck_live_/);
  for (const value of [token.slice(50), secret.slice(8), exchange])
    expect(seen.join('\n')).not.toContain(value);
});

it('ends with 2 when the service cannot be asked', async () => {
  repository.write('a.env', `A=${sealed(`cb_live_${drawn.text(79)}`)}\n`);
  const nobody = { COUNTERSIGN_URL: 'http://127.0.0.1:9', COUNTERSIGN_SECRET: 'cb_x' };
  expect(await scan(nobody)).toMatchObject({ code: 2, stdout: '' });
  expect(await scan({})).toMatchObject({ code: 2, stdout: '' });
});
