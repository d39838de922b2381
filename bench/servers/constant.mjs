// The HTTP server of the service with nothing behind it: it reads the body's bytes and answers a constant.
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';

// The very Fastify and pino that the service uses.
const require = createRequire(new URL('../../packages/server/package.json', import.meta.url));
const { default: Fastify, LogController } = require('fastify');
const { pino } = require('pino');

const app = Fastify({
  loggerInstance: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })),
  logController: new LogController({ disableRequestLogging: true }),
  bodyLimit: 1_048_576 * 2 + 65_536,
  genReqId: () => `req_${randomUUID().replaceAll('-', '').slice(0, 20)}`,
  requestTimeout: 30_000,
  return503OnClosing: false,
  routerOptions: { ignoreTrailingSlash: false, caseSensitive: true, maxParamLength: 384 },
  http: { requestTimeout: 30_000, headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
});
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

const answer = process.env.BENCH_ANSWER;
app.post('/v1/verify', async (request, reply) => {
  reply.header('x-request-id', request.id).header('cache-control', 'no-store');
  return reply.code(200).headers({ 'content-type': 'application/json' }).send(answer);
});
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`listening on http://127.0.0.1:${app.server.address().port}`);
