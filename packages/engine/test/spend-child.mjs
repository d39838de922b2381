// Spends of one daily amount, and gives back, as fast as it can, over the store at argv[2] with the token in argv[3];
// without one it makes the key first. Prints what was answered once it was. Runs until it is killed.

import { writeSync } from 'node:fs';
import { createEngine, createEnvKeyring, parseManifest } from '@countersign/engine';
import { createSqliteStore } from '@countersign/engine/sqlite';

const [, , path, given] = process.argv;
const say = (line) => writeSync(1, `${line}\n`);
const { manifest } = parseManifest(`version: 1
permissions: { move: { risk: critical } }
routes:
  - { route: POST /withdrawals, permission: move, facts: { notional: { json: /amount } } }
`);
const engine = createEngine({
  store: await createSqliteStore({ path }),
  keyring: createEnvKeyring(`kek-1:${Buffer.alloc(32, 1).toString('base64')}`),
  manifest,
});
await engine.start();

async function newToken() {
  const made = await engine.keys.issue(
    {
      accountId: 'a',
      label: '',
      environment: 'live',
      kind: 'bearer',
      permissions: ['move'],
      constraints: { maxNotionalPerDay: '1000' },
    },
    { actor: 'service' },
  );
  const token = made.secret.expose();
  say(`token ${token}`);
  return token;
}

const token = given ?? (await newToken());
const request = {
  method: 'POST',
  target: '/withdrawals',
  headers: ['Authorization', `Bearer ${token}`],
  body: Buffer.from('{"amount":"7"}'),
  ip: '192.0.2.7',
};

async function spend() {
  for (;;) {
    const { allowed, code, requestId } = await engine.verify(request);
    say(`${allowed ? 'allowed' : code} ${requestId}`);
    if (!allowed || Math.random() < 0.02) continue;
    const released = await engine.releaseUsage(requestId, { actor: 'service' });
    if (!released.ok || released.wasReleased) throw new Error('was not given back');
    say(`released ${requestId}`);
  }
}

await Promise.all(Array.from({ length: 6 }, spend));
