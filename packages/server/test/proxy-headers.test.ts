import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exchange, request, requestHead } from './raw-http.ts';
import { RunningProxy } from './running-proxy.ts';
import { sign } from './signing.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start({ trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] });
});
afterAll(() => proxy.close());
beforeEach(() => {
  proxy.answer = (_request, response) => void response.end('done');
});

/** Names of the headers that came to the upstream. */
const names = () => proxy.last.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());

describe('headers to the upstream', () => {
  it('hold those of the client, in order and as they were written', async () => {
    await proxy.signed('GET /orders', {
      headers: ['X-Trace', 'a', 'Accept', 'b', 'x-trace', 'c', 'X-Odd', '  d  ', 'x-empty', ''],
    });
    const raw = proxy.last.rawHeaders;
    const pairs = raw.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${raw[i + 1]}`] : []));
    const own = pairs.filter((pair) => /^(x-trace|accept|x-odd|x-empty)/i.test(pair));
    expect(own).toEqual(['X-Trace: a', 'Accept: b', 'x-trace: c', 'X-Odd: d', 'x-empty: ']);
  });

  it('hold bytes beyond ASCII as they came', async () => {
    const head = requestHead('GET /open/a', ['x-name', 'PLACE'], 0).replace('PLACE', '\xe9\xff');
    await exchange(proxy.port, Buffer.from(head, 'latin1'));
    expect(proxy.last.headers['x-name']).toBe('\xe9\xff');
  });

  it('hold the Host that was signed for', async () => {
    await proxy.signed('GET /orders', { dialect: 'rfc9421' });
    expect(proxy.last.headers.host).toBe('api.test');
  });

  it.each([
    ['Connection', 'close'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Authorization', 'Basic abc'],
    ['Proxy-Authenticate', 'Basic'],
    ['Proxy-Connection', 'keep-alive'],
    ['TE', 'trailers'],
    ['Trailer', 'x-checksum'],
    ['Upgrade-Insecure', '1'],
  ])('lack %s, which is of one connection only', async (name, value) => {
    await proxy.signed('GET /orders', { headers: [name, value, 'connection', 'close, upgrade-insecure'] });
    expect(proxy.last.headers[name.toLowerCase()]).toSatisfy(
      (seen) => seen === undefined || name === 'Connection',
    );
    expect(proxy.last.headers.connection).not.toContain('close');
  });

  it.each([
    'X-HTTP-Method-Override',
    'X_HTTP_Method_Override',
    'X-Method-Override',
    'X-Original-URL',
    'X-Rewrite-URL',
  ])('lack %s, by which a framework would take another method or path than was verified', async (name) => {
    await proxy.signed('GET /orders', { headers: [name, 'DELETE'] });
    expect(proxy.last.headers).not.toHaveProperty(name.toLowerCase());
  });

  it('lack what Connection names, save what makes the request', async () => {
    const headers = [
      'x-private',
      'a',
      'x-other',
      'b',
      'content-type',
      'text/x',
      'connection',
      'close, X-Private, host, content-type',
    ];
    await proxy.signed('GET /orders', { headers });
    expect(proxy.last.headers).not.toHaveProperty('x-private');
    expect(proxy.last.headers).toMatchObject({ 'x-other': 'b', host: 'api.test', 'content-type': 'text/x' });
  });

  it('cannot have ours taken away by Connection', async () => {
    await proxy.signed('GET /orders', {
      headers: ['connection', 'close, x-countersign-account, x-forwarded-for'],
    });
    expect(proxy.last.headers).toMatchObject({
      'x-countersign-account': 'acct_42',
      'x-forwarded-for': expect.any(String),
    });
  });

  it.each([
    'X-Countersign-Account',
    'x_countersign_account',
    'X-Countersign_Credential',
    'X-COUNTERSIGN-PERMISSION',
    'x-countersign-anything',
  ])("lack the client's own %s", async (name) => {
    await proxy.signed('GET /orders', { headers: [name, 'spoofed'] });
    expect(proxy.last.rawHeaders).not.toContain('spoofed');
    await request(proxy.port, 'GET /open/a', [name, 'spoofed']);
    expect(proxy.last.rawHeaders).not.toContain('spoofed');
  });

  it('say who it was, and nothing of the kind on a public route', async () => {
    await proxy.signed('GET /orders');
    expect(proxy.last.headers).toMatchObject({
      'x-countersign-account': 'acct_42',
      'x-countersign-credential': proxy.key.id,
      'x-countersign-environment': 'live',
      'x-countersign-permission': 'spot.trade',
      'x-countersign-request-id': expect.stringMatching(/^req_/),
    });
    await request(proxy.port, 'GET /open/a');
    expect(names().filter((name) => name.startsWith('x-countersign'))).toEqual(['x-countersign-request-id']);
  });

  it('lack the proof', async () => {
    for (const dialect of ['bitget', 'okx', 'rfc9421']) {
      const body = '{}';
      expect((await proxy.signed('POST /orders', { body, dialect })).status).toBe(200);
      expect(names().filter((name) => /^(access|ok-access|signature)/.test(name))).toEqual([]);
      expect(proxy.last.rawHeaders).not.toContain('Passphrase1');
    }
  });

  it("hold Authorization beside a signature: that is the upstream's business", async () => {
    await proxy.signed('GET /orders', { headers: ['authorization', 'Basic abc'] });
    expect(proxy.last.headers.authorization).toBe('Basic abc');
  });

  it('lack a bearer token that proved', async () => {
    const made = await proxy.engine.keys.issue(
      { accountId: 'a', label: '', environment: 'live', kind: 'bearer', permissions: ['spot.trade'] },
      { actor: 'service' },
    );
    const token = made.ok ? made.secret?.expose() : '';
    const answer = await request(proxy.port, 'POST /orders', ['authorization', `Bearer ${token}`], '{}');
    expect([answer.status, proxy.last.headers.authorization]).toEqual([200, undefined]);
  });

  it.each(['Transfer_Encoding', 'Content_Length', 'X_Forwarded_For', 'X_Real_IP', 'ACCESS_SIGN'])(
    'lack %s, which some servers read like its twin with dashes',
    async (name) => {
      await request(proxy.port, 'GET /open/a', [name, '1']);
      expect(names()).not.toContain(name.toLowerCase());
    },
  );
});

describe('the address of the client', () => {
  const forwarded = async (...headers: string[]) => {
    await request(proxy.port, 'GET /open/a', headers);
    return proxy.last.headers['x-forwarded-for'];
  };

  it("is the socket's where nothing was forwarded", async () => {
    expect(await forwarded()).toBe('127.0.0.1');
  });

  it('is the first from the right that is no trusted proxy', async () => {
    expect(await forwarded('x-forwarded-for', '198.51.100.1, 203.0.113.7, 10.1.2.3')).toBe('203.0.113.7');
    expect(await forwarded('x-forwarded-for', '203.0.113.7', 'X-Forwarded-For', '10.0.0.1')).toBe(
      '203.0.113.7',
    );
    expect(await forwarded('x-forwarded-for', '10.0.0.2, 10.0.0.1')).toBe('10.0.0.2');
  });

  it('is unknown where a trusted proxy forwarded what is no address', async () => {
    expect(await forwarded('x-forwarded-for', '203.0.113.7, unknown')).toBe('unknown');
    expect(await forwarded('x-forwarded-for', 'nonsense, 203.0.113.7')).toBe('203.0.113.7');
  });

  it('is never what the client says by other names', async () => {
    await request(proxy.port, 'GET /open/a', [
      'x-real-ip',
      '1.2.3.4',
      'forwarded',
      'for=1.2.3.4',
      'x-forwarded-host',
      'evil.test',
    ]);
    expect(
      proxy.last.rawHeaders.filter((value) => value.includes('1.2.3.4') || value === 'evil.test'),
    ).toEqual([]);
    expect(proxy.last.headers).toMatchObject({ 'x-forwarded-host': 'api.test', 'x-forwarded-proto': 'http' });
  });

  it('forwarded counts from nobody where no proxy is trusted', async () => {
    const other = await RunningProxy.start();
    await request(other.port, 'GET /open/a', [
      'x-forwarded-for',
      '203.0.113.7',
      'x-forwarded-proto',
      'https',
    ]);
    expect(other.last.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
    await other.close();
  });

  it('decides about allowlists', async () => {
    const made = await proxy.engine.keys.issue(
      {
        accountId: 'a',
        label: '',
        environment: 'live',
        kind: 'hmac',
        dialects: ['bitget', 'okx', 'rfc9421'],
        permissions: ['spot.trade'],
        passphrase: 'Passphrase1',
        allowedIps: ['203.0.113.0/24'],
      },
      { actor: 'service' },
    );
    if (!made.ok) throw new Error(made.detail);
    const key = { id: made.key.id, secret: made.secret?.expose(), passphrase: 'Passphrase1' };
    const statusFor = async (chain: string) => {
      const signature = Object.entries(
        sign('rfc9421', key, { method: 'GET', target: '/orders', headers: ['host', 'api.test'] }),
      ).flat();
      return (await request(proxy.port, 'GET /orders', ['x-forwarded-for', chain, ...signature])).status;
    };
    expect(await statusFor('203.0.113.7')).toBe(200);
    expect(await statusFor('203.0.113.7, 198.51.100.1')).toBe(403);
    expect(await statusFor('203.0.113.7, nonsense')).toBe(403);
  });
});

it('a key of the other environment is environment_mismatch', async () => {
  const made = await proxy.engine.keys.issue(
    { accountId: 'a', label: '', environment: 'test', kind: 'bearer', permissions: ['spot.trade'] },
    { actor: 'service' },
  );
  const token = made.ok ? made.secret?.expose() : '';
  const answer = await request(proxy.port, 'GET /orders', ['authorization', `Bearer ${token}`]);
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([401, 'environment_mismatch']);
});

describe('headers to the client', () => {
  it('hold each cookie of its own, in order, and lack what is of one connection', async () => {
    proxy.answer = (_request, response) => {
      response.writeHead(
        200,
        [
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2; Path=/'],
          ['X-Kept', 'yes'],
          ['Keep-Alive', 'timeout=99'],
          ['Proxy-Authenticate', 'Basic'],
          ['X-Dropped', 'no'],
          ['Connection', 'X-Dropped'],
        ].flat() as never,
      );
      response.end('done');
    };
    const { headers, body } = await proxy.signed('GET /orders');
    expect(headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2; Path=/'], 'x-kept': 'yes' });
    expect(headers).not.toHaveProperty('x-dropped');
    expect(headers).not.toHaveProperty('proxy-authenticate');
    expect(headers['keep-alive']).not.toBe('timeout=99');
    expect(body).toBe('done');
  });

  it('hold one Date', async () => {
    expect((await proxy.signed('GET /orders')).headers.date).toBeTypeOf('string');
  });
});
