// The reverse proxy of the service, with a verifier that lets everything through.
import { createProxy } from '../../packages/server/dist/index.js';

const ALLOWED = Promise.resolve({
  allowed: true,
  requestId: 'req_0123456789abc',
  credential: {
    id: 'ck_live_012345678901234567890123456789abcdef',
    accountId: 'acct_42',
    environment: 'live',
    permissions: ['spot.read', 'spot.trade'],
    label: 'grid bot',
    metadata: {},
  },
  permission: 'spot.trade',
  dialect: 'bitget',
  matched: 'wire',
  secretVersion: 1,
  rateLimits: [],
});

const { server } = createProxy({
  verifier: { verify: () => ALLOWED },
  environment: 'live',
  upstream: new URL(process.env.BENCH_UPSTREAM),
  maxBodyBytes: 1_048_576,
  trustedProxies: [],
  tls: undefined,
  onError: console.error,
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
