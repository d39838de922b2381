import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { addAdvice, addDryRunIps, addTrim } from './advice.ts';
import { addEdit, addStandingDeeds } from './change.ts';
import { addCreate } from './create.ts';
import { addImport } from './import.ts';
import { addList, addShow } from './read.ts';
import { addRevoke, addRevokeAll } from './revoke.ts';
import { addRetirePrevious, addRotate } from './rotate.ts';

/** `countersign keys …` */
export function addKeys(program: Command, context: Context): void {
  const keys = program.command('keys').helpCommand(false).description('API keys: issue, show, change, end');
  addCreate(keys, context);
  addImport(keys, context);
  addList(keys, context);
  addShow(keys, context);
  addEdit(keys, context);
  addRotate(keys, context);
  addRetirePrevious(keys, context);
  addStandingDeeds(keys, context);
  addRevoke(keys, context);
  addRevokeAll(keys, context);
  addDryRunIps(keys, context);
  addAdvice(keys, context);
  addTrim(keys, context);
}
