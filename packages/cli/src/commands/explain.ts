import type { Explanation } from '@countersign/contract';
import type { Command } from 'commander';
import { EXIT } from '../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { readPublicFile } from '../private-file.ts';
import { fields } from '../tables.ts';
import type { Terminal } from '../terminal.ts';
import { readRequestFile } from './request-file.ts';
import { serviceCommand } from './service-command.ts';

type ExplanationAnswer = (typeof Explanation)['_output'];

interface ExplainFlags extends ServiceFlags {
  readonly prehash?: string;
}

/** `countersign explain` */
export function addExplain(program: Command, context: Context): void {
  const { terminal } = context;
  const explain = program
    .command('explain')
    .description(
      'Say why a signed request is refused, and what its client did wrong: takes what verify takes, and changes nothing. ' +
        'Exit code 1 when something is wrong',
    )
    .argument('<file>', 'the request as JSON, or - for standard input')
    .option('--prehash <file>', 'what the client signed, to be laid beside what it should have signed')
    .action(async (file: string, flags: ExplainFlags) => {
      const api = await connect(context, flags);
      const body = await readRequestFile(file);
      const clientPrehash = flags.prehash === undefined ? undefined : await readPublicFile(flags.prehash);
      const answer = await api.call<ExplanationAnswer>('explain', {
        body: clientPrehash === undefined ? body : { ...(body as object), clientPrehash },
      });
      if (answer.code !== null) process.exitCode = EXIT.failed;
      if (flags.json) return terminal.printJson(answer);
      terminal.print(describe(terminal, answer));
    });
  serviceCommand(explain, 'explain request.json --prehash signed.txt');
}

function describe(terminal: Terminal, answer: ExplanationAnswer): string {
  const { colors } = terminal;
  const { code, detail, clockDeltaMs, dialect, credentialId, matched, prehash, mistake, alignment } = answer;
  const isRight = code === null;
  return fields(terminal, [
    ['result', { text: code ?? 'nothing is wrong', paint: isRight ? colors.green : colors.red }],
    ['detail', detail],
    ...(mistake === null ? [] : [['mistake', mistake.name] as const, ['advice', mistake.advice] as const]),
    ...(mistake?.keyId === undefined ? [] : [['that key', mistake.keyId] as const]),
    ...(clockDeltaMs === undefined ? [] : [['clock', `${clockDeltaMs} ms from the service's`] as const]),
    ['dialect', dialect ?? 'none was recognised'],
    ['key', credentialId ?? 'none that is known'],
    ['signature', signatureText(answer)],
    ...(matched === null || matched === 'wire' ? [] : [['spelling', matched] as const]),
    ['to be signed', prehash === null ? '-' : `${prehash.text}\n(${prehash.bytes} bytes)`],
    ...(alignment === undefined ? [] : [['client signed', alignmentText(alignment)] as const]),
  ]);
}

function signatureText({ matched, code, prehash }: ExplanationAnswer): string {
  if (matched !== null) return 'matches';
  return prehash === null || code === 'credential_unknown' ? 'was not compared' : 'does not match';
}

function alignmentText(alignment: NonNullable<ExplanationAnswer['alignment']>): string {
  const { isEqual, differsAt, before, server, client, after } = alignment;
  if (isEqual) return 'the same text';
  return [
    `another text, from byte ${differsAt} on:`,
    `  service: ${before}[${server}]${after}`,
    `  client:  ${before}[${client}]${after}`,
  ].join('\n');
}
