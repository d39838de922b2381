import type { Decision } from '@countersign/contract';
import type { Command } from 'commander';
import { EXIT } from '../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { fields } from '../tables.ts';
import type { Terminal } from '../terminal.ts';
import { readRequestFile } from './request-file.ts';
import { serviceCommand } from './service-command.ts';

type DecisionAnswer = (typeof Decision)['_output'];

/** `countersign verify` */
export function addVerify(program: Command, context: Context): void {
  const { terminal } = context;
  const verify = program
    .command('verify')
    .description(
      'Ask for a decision about a signed request: the body of POST /v1/verify. Exit code 1 when it is denied',
    )
    .argument('<file>', 'the request as JSON, or - for standard input')
    .action(async (file: string, flags: ServiceFlags) => {
      const api = await connect(context, flags);
      const decision = await api.call<DecisionAnswer>('verify', {
        body: await readRequestFile(file),
      });
      if (!decision.allowed) process.exitCode = EXIT.failed;
      if (flags.json) return terminal.printJson(decision);
      terminal.print(describe(terminal, decision));
    });
  serviceCommand(verify, 'verify request.json');
}

function describe(terminal: Terminal, decision: DecisionAnswer): string {
  const { colors } = terminal;
  if (!decision.allowed) {
    const { code, status, detail, clockDeltaMs, requestId, credentialId } = decision;
    return fields(terminal, [
      ['decision', { text: 'denied', paint: colors.red }],
      ['code', `${code} (${status})`],
      ['detail', detail],
      ...(clockDeltaMs === undefined ? [] : [['clock', `${clockDeltaMs} ms from the service's`] as const]),
      ...(credentialId === undefined ? [] : [['key', credentialId] as const]),
      ['request', requestId],
    ]);
  }
  const { credential, permission, dialect, rateLimits, requestId } = decision;
  return fields(terminal, [
    ['decision', { text: 'allowed', paint: colors.green }],
    ['key', credential === null ? 'none: the route is public' : credential.id],
    ['account', credential?.accountId ?? '-'],
    ['permission', permission ?? 'none asked for'],
    ['dialect', dialect ?? '-'],
    [
      'rate limits',
      rateLimits.map(({ name, remaining, quota }) => `${name}: ${remaining} of ${quota} left`).join('\n') ||
        'none',
    ],
    ['request', requestId],
  ]);
}
