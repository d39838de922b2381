import { closeSync, existsSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { OPERATOR_ACCOUNT } from '@countersign/core';
import { type Engine, OPERATOR_PERMISSIONS } from '@countersign/engine';
import { StartError } from './start-error.ts';

/**
 * Makes the first operator credential when the store has no operator, and writes it to a file that only its
 * owner can read. The file is opened under another name first: without it, the token would be lost. Where a
 * kill left that name behind, the token was lost, and another operator is made.
 *
 * @returns whether one was made
 * @throws {@link StartError} when the file is there already, or cannot be written
 */
export async function makeFirstOperator(engine: Engine, path: string, url: string): Promise<boolean> {
  const unfinished = `${path}.new`;
  const operators = await engine.keys.list({ accountId: OPERATOR_ACCOUNT, afterId: '', limit: 1 });
  if (operators.length > 0 && !existsSync(unfinished)) return false;
  if (existsSync(path)) {
    throw new StartError(
      `${path} is there, and the database has no operator: move the file away, or restore the database it belongs to.`,
    );
  }
  const fd = openForOwner(unfinished);
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
      COUNTERSIGN_URL: url,
      COUNTERSIGN_KEY_ID: made.key.id,
      COUNTERSIGN_SECRET: made.secret?.expose() ?? '',
    };
    writeSync(
      fd,
      Object.entries(lines)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(unfinished, path);
  return true;
}

function openForOwner(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (error) {
    throw new StartError(`The first operator's credential cannot be written: ${(error as Error).message}`);
  }
}
