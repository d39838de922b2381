import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { RunningProxy } from './running-proxy.ts';

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await RunningProxy.start();
});
afterAll(() => proxy.close());
beforeEach(() => {
  proxy.answer = (_request, response) => void response.end('done');
});

it('the reverse proxy tells a bot that its secret was replaced, and when it ends', async () => {
  expect((await proxy.signed('GET /orders')).headers).not.toHaveProperty('deprecation');
  const rotated = await proxy.engine.keys.rotate(proxy.key.id, 3600, { actor: 'service' });
  if (!rotated.ok) throw new Error(rotated.detail);
  const [current, old] = rotated.key.secretVersions;
  const madeAt = Math.floor(Date.parse(current?.createdAt ?? '') / 1000);
  const { status, headers } = await proxy.signed('GET /orders?again');
  expect(status).toBe(200);
  expect(headers.deprecation).toBe(`@${madeAt}`);
  expect(headers.sunset).toBe(new Date(old?.retiresAt ?? '').toUTCString());
  // A second value of the upstream's would make the field unreadable.
  proxy.answer = (_request, response) => void response.setHeader('Deprecation', '@1').end('done');
  expect((await proxy.signed('GET /orders?once-more')).headers.deprecation).toBe(`@${madeAt}`);
  await proxy.engine.keys.retirePrevious(proxy.key.id, { actor: 'service' });
  expect((await proxy.signed('GET /orders?late')).headers).not.toHaveProperty('sunset');
});
