import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { OPERATOR_ACCOUNT } from '@countersign/core';
import { type Engine, OPERATOR_PERMISSIONS } from '@countersign/engine';

/**
 * Makes the first operator credential when the store has no operator, and writes it to a file that only its
 * owner can read. The file is opened first: without it, the token would be lost.
 *
 * @returns whether one was made
 * @throws when the file is there already, or cannot be written
 */
export async function makeFirstOperator(engine: Engine, path: string, url: () => string): Promise<boolean> {
  const operators = await engine.keys.list({ accountId: OPERATOR_ACCOUNT, afterId: '', limit: 1 });
  if (operators.length > 0) return false;
  const fd = openSync(path, 'wx', 0o600);
  try {
    const made = await engine.keys.issue(
      {
        accountId: OPERATOR_ACCOUNT,
        label: 'first operator',
        environment: 'live',
        kind: 'bearer',
        permissions: [...OPERATOR_PERMISSIONS.keys()],
      },
      { actor: 'service' },
    );
    if (!made.ok) throw new Error(`the first operator could not be made: ${made.detail}`);
    const lines = {
      COUNTERSIGN_URL: url(),
      COUNTERSIGN_KEY_ID: made.key.id,
      COUNTERSIGN_SECRET: made.secret?.expose() ?? '',
    };
    writeSync(fd, Object.entries(lines).map(([name, value]) => `${name}=${value}\n`).join(''));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return true;
}
