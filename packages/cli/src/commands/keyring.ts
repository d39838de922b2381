import { setTimeout as pause } from 'node:timers/promises';
import type { KeyringState } from '@countersign/contract';
import type { Command } from 'commander';
import type { ApiClient } from '../api-client.ts';
import { CommandError } from '../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { fields } from '../tables.ts';
import type { Terminal } from '../terminal.ts';
import { serviceCommand } from './service-command.ts';

type State = (typeof KeyringState)['_output'];

const POLL_MS = 500;

/** `countersign keyring show | rotate` */
export function addKeyring(program: Command, context: Context): void {
  const { terminal } = context;
  const keyring = program
    .command('keyring')
    .helpCommand(false)
    .description('The key that encrypts all secrets at rest');

  const show = keyring
    .command('show')
    .description('Show which key wraps secrets now, and whether re-wrapping goes on')
    .action(async (flags: ServiceFlags) => {
      const api = await connect(context, flags);
      report(terminal, flags, await api.call<State>('showKeyring'));
    });
  serviceCommand(show, 'keyring show');

  const rotate = keyring
    .command('rotate')
    .description('Make a new key-encryption key, and wrap everything under it while the service goes on')
    .option('--wait', 'wait until everything is wrapped anew')
    .action(async (flags: ServiceFlags & { wait?: boolean }) => {
      const api = await connect(context, flags);
      const begun = await api.call<State>('rotateKeyring');
      report(terminal, flags, flags.wait ? await finished(api, begun, terminal) : begun);
    });
  serviceCommand(rotate, 'keyring rotate --wait');
}

async function finished(api: ApiClient, begun: State, terminal: Terminal): Promise<State> {
  let state = begun;
  let shown = -1;
  while (state.isRunning) {
    const count = state.rewrapped - begun.rewrapped;
    if (count !== shown) terminal.note(`Wrapped anew under ${begun.currentKekId}: ${count}`);
    shown = count;
    await pause(POLL_MS);
    state = await api.call<State>('showKeyring');
  }
  if (state.fault !== null) throw new CommandError(`Re-wrapping stopped: ${state.fault}`);
  return state;
}

function report(terminal: Terminal, { json }: ServiceFlags, state: State): void {
  if (json) {
    terminal.printJson(state);
    return;
  }
  terminal.print(
    fields(terminal, [
      ['current key', state.currentKekId],
      ['re-wrapping', state.isRunning ? 'goes on' : 'is not under way'],
      ['wrapped anew', `${state.rewrapped} since the service started`],
      ...(state.fault === null ? [] : [['stopped by', state.fault] as const]),
    ]),
  );
}
