import { type Command, Option } from 'commander';
import { CommandError, EXIT } from '../command-error.ts';
import { DEFAULT_ENV_FILE } from '../connection.ts';
import type { Context } from '../context.ts';
import { ALLOWANCE_FILE } from '../scan/allowance-file.ts';
import type { ScanFlags } from '../scan/scan-and-report.ts';
import { plain } from '../terminal.ts';
import { withExample } from './service-command.ts';

const EXIT_CODES = `
Exit codes: 0 nothing found (notes aside); 1 a secret was found; 2 it could not be scanned, or not all of it.`;

/** `countersign scan …` */
export function addScan(program: Command, context: Context): void {
  const scan = program
    .command('scan')
    .helpCommand(false)
    // `scan rules` has a --format of its own.
    .enablePositionalOptions()
    .description(
      'Find API secrets in files, in what is staged, in the history, or in a built bundle. Needs no service, and shows no secret',
    )
    .argument('[path]', 'folder or file', '.')
    .addOption(
      new Option('--staged', 'what the next commit adds or changes').conflicts(['history', 'bundle']),
    )
    .addOption(new Option('--history', 'everything that a ref reaches').conflicts(['bundle']))
    .option('--bundle <dist>', 'a built bundle, with its source maps')
    .addOption(
      new Option('--format <format>', 'how to print').choices(['text', 'json', 'sarif']).default('text'),
    )
    .option('--baseline <file>', 'findings that are known already')
    .option('--write-baseline <file>', 'write what is found as a baseline, and end with 0')
    .option('--allow <file>', `allowances (default: ${ALLOWANCE_FILE} in the repository or folder)`)
    .option('--verify', 'ask the service, and nobody else, which of its keys that were found are live')
    .option('--url <url>', 'for --verify: address of the service (default: COUNTERSIGN_URL)')
    .option(
      '--env-file <file>',
      `for --verify: file with the operator's credential (default: ${DEFAULT_ENV_FILE})`,
    )
    .option('--dangerously-show-secrets', 'print what was found as it is')
    .addHelpText('after', EXIT_CODES)
    .action((path: string, flags: ScanFlags) =>
      scanned(async () => {
        const { scanAndReport } = await import('../scan/scan-and-report.ts');
        await scanAndReport(context, path, flags);
      }),
    );
  withExample(scan, 'scan --staged');
  addInstallHook(scan, context);
  addRules(scan, context);
}

function addInstallHook(scan: Command, { terminal }: Context): void {
  const command = scan
    .command('install-hook')
    .description('Write a pre-commit hook that scans what is staged. A hook of somebody else is not touched')
    .action(() =>
      scanned(async () => {
        const { installHook } = await import('../scan/install-hook.ts');
        terminal.print(plain(`Written: ${await installHook(process.cwd())}`));
      }),
    );
  withExample(command, 'scan install-hook');
}

function addRules(scan: Command, { terminal }: Context): void {
  const command = scan
    .command('rules')
    .description('Print the rules for another scanner')
    .addOption(
      new Option('--format <format>', 'which').choices(['gitleaks', 'git-secrets']).makeOptionMandatory(),
    )
    .action(async ({ format }: { format: 'gitleaks' | 'git-secrets' }) => {
      const { gitleaksToml, gitSecretsPatterns } = await import('../scan/exported-rules.ts');
      terminal.print((format === 'gitleaks' ? gitleaksToml() : gitSecretsPatterns()).replace(/\n$/, ''));
    });
  withExample(command, 'scan rules --format gitleaks > gitleaks.toml');
}

/** Whatever stops a scan ends with the code that says so: 1 means that something was found. */
async function scanned(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { message } = error as Error;
    throw new CommandError(
      error instanceof CommandError ? message : `The scan has a fault: ${message}`,
      EXIT.usage,
    );
  }
}
