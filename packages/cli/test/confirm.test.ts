import pc from 'picocolors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../src/keys/api-key.ts';
import { buildProgram } from '../src/program.ts';
import type { Terminal } from '../src/terminal.ts';
import { type RunningService, startRealService } from './command.ts';

let service: RunningService;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

/** Runs a command at a terminal where somebody answers. */
async function atTerminal(args: readonly string[], answers: readonly string[]) {
  const left = [...answers];
  const asked: string[] = [];
  const printed: string[] = [];
  const answer = async (question: string) => {
    asked.push(question);
    return left.shift() ?? '';
  };
  const terminal: Terminal = {
    isInteractive: true,
    colors: pc.createColors(false),
    print: (text) => printed.push(text),
    printBytes: (bytes) => printed.push(Buffer.from(bytes).toString('utf8')),
    printJson: (value) => printed.push(JSON.stringify(value)),
    note: (text) => printed.push(text),
    ask: answer,
    askHidden: answer,
  };
  const program = await buildProgram({ terminal, env: service.env, clock: Date.now }, args);
  const fault = await program.parseAsync(args, { from: 'user' }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { asked, printed: printed.join('\n'), fault };
}

const create = () =>
  service.json<ApiKey>([
    ...['keys', 'create', '--account', 'acct_1', '--environment', 'live', '--kind', 'bearer'],
    ...['--label', 'grid bot', '--no-permission'],
  ]);

describe('revoking', () => {
  it('asks, naming what it is about, and does it after a yes', async () => {
    const { id } = await create();
    const { asked, printed, fault } = await atTerminal(['keys', 'revoke', id, '--reason', 'leaked'], ['yes']);
    expect(fault).toBeUndefined();
    expect(asked).toEqual([`Revoke ${id} of acct_1 (grid bot)? This is final. Type yes: `]);
    expect(printed).toMatch(/^Revoked 1 /);
  });

  it.each(['', 'y', 'no', 'YES'])('changes nothing after %j', async (answer) => {
    const { id } = await create();
    const { fault } = await atTerminal(['keys', 'revoke', id, '--reason', 'leaked'], [answer]);
    expect(fault).toBe('Nothing was revoked.');
    expect(await service.json(['keys', 'show', id])).toMatchObject({ status: 'active' });
  });

  it('asks before it revokes many', async () => {
    const { id } = await create();
    const { asked, fault } = await atTerminal(
      ['keys', 'revoke-all', '--account', 'acct_1', '--reason', 'x'],
      ['no'],
    );
    expect(asked[0]).toContain('{"accountId":"acct_1"}');
    expect(fault).toBe('Nothing was revoked.');
    expect(await service.json(['keys', 'show', id])).toMatchObject({ status: 'active' });
  });
});

describe('--passphrase-prompt', () => {
  const args = [
    ...[
      'keys',
      'create',
      '--account',
      'acct_1',
      '--environment',
      'live',
      '--kind',
      'hmac',
      '--dialect',
      'bitget',
    ],
    ...['--no-permission', '--passphrase-prompt'],
  ];

  it('asks twice, and does not show what was typed', async () => {
    const { asked, printed, fault } = await atTerminal(args, ['passphrase1', 'passphrase1']);
    expect(fault).toBeUndefined();
    expect(asked).toHaveLength(2);
    expect(printed).toContain('This is shown once.');
    expect(printed).not.toContain('passphrase1');
  });

  it('takes no passphrase that was typed in two ways', async () => {
    expect((await atTerminal(args, ['passphrase1', 'passphrase2'])).fault).toBe(
      'These are two different passphrases.',
    );
  });
});

describe('panic', () => {
  it('asks, saying what it means, and changes nothing without a yes', async () => {
    const { asked, fault } = await atTerminal(['panic', '--freeze-all', '--reason', 'x'], ['y']);
    expect(asked).toEqual(['Refuse every request of every customer, until it is taken back? Type yes: ']);
    expect(fault).toBe('Nothing was changed.');
    const back = await atTerminal(
      ['panic', '--unfreeze-all', '--environment', 'live', '--reason', 'x'],
      ['yes'],
    );
    expect(back.asked).toEqual(['Let the keys of all customers of live go on? Type yes: ']);
    expect(back.fault).toBeUndefined();
    expect(back.printed).toContain('Nothing was to be done');
  });
});
