import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { CommandError, EXIT } from '../command-error.ts';
import { DEFAULT_ENV_FILE } from '../connection.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { readPublicFile } from '../private-file.ts';
import { ALLOWANCE_FILE, type Allowance, readAllowances } from '../scan/allowances.ts';
import { type Baseline, baselineText, readBaseline } from '../scan/baseline.ts';
import { gitleaksToml, gitSecretsPatterns } from '../scan/exported-rules.ts';
import { installHook } from '../scan/install-hook.ts';
import { jsonReport } from '../scan/reports/json-report.ts';
import { sarifReport } from '../scan/reports/sarif-report.ts';
import { notesOf, textReport } from '../scan/reports/text-report.ts';
import { runScan, type ScanResult } from '../scan/run-scan.ts';
import { bundle } from '../scan/sources/bundle.ts';
import { runGit } from '../scan/sources/git.ts';
import { history } from '../scan/sources/history.ts';
import { type Root, rootOf } from '../scan/sources/root.ts';
import type { Given } from '../scan/sources/source.ts';
import { staged } from '../scan/sources/staged.ts';
import { workingTree } from '../scan/sources/working-tree.ts';
import { verifyFindings } from '../scan/verify-findings.ts';
import { plain } from '../terminal.ts';
import { withExample } from './service-command.ts';

interface ScanFlags extends ServiceFlags {
  readonly staged?: boolean;
  readonly history?: boolean;
  readonly bundle?: string;
  readonly format: 'text' | 'json' | 'sarif';
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly allow?: string;
  readonly verify?: boolean;
  readonly dangerouslyShowSecrets?: boolean;
}

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
    .action((path: string, flags: ScanFlags) => scanned(() => runCommand(context, path, flags)));
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
    .action(({ format }: { format: 'gitleaks' | 'git-secrets' }) => {
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

async function runCommand(context: Context, path: string, flags: ScanFlags): Promise<void> {
  const { terminal, clock } = context;
  const api = flags.verify ? await connect(context, flags) : undefined;
  const root = await rootOf(path);
  const allowances = await allowancesFor(root, flags, clock());
  const baseline = await baselineFor(flags);
  let result = await runScan({ source: sourceFor(root, flags), allowances, baseline });
  if (api !== undefined) result = { ...result, findings: await verifyFindings(api, result.findings) };
  print(context, flags, result);
  if (flags.format === 'text') for (const note of notesOf(result)) terminal.note(note);
  if (flags.writeBaseline !== undefined) {
    writeFileSync(flags.writeBaseline, baselineText([...result.findings, ...result.known]));
  } else if (result.findings.some(({ level }) => level !== 'note')) process.exitCode = EXIT.failed;
  if (process.exitCode !== EXIT.failed && result.skipped.some(({ isFault }) => isFault))
    process.exitCode = EXIT.usage;
}

function print({ terminal }: Context, flags: ScanFlags, result: ScanResult): void {
  const showsSecrets = flags.dangerouslyShowSecrets === true;
  if (flags.format === 'json') terminal.printJson(jsonReport(result, showsSecrets));
  else if (flags.format === 'sarif') terminal.printJson(sarifReport(result, packageVersion()));
  else if (result.findings.length > 0) terminal.print(textReport(terminal, result, showsSecrets));
}

function sourceFor(root: Root, flags: ScanFlags): AsyncIterable<Given> {
  // From the top: `diff.relative` leaves out what is not below the folder that Git is run in.
  if (flags.staged) return staged(root.top);
  if (flags.history) return history(root.folder);
  return flags.bundle === undefined ? workingTree(root) : bundle(root, flags.bundle);
}

async function baselineFor({ baseline }: ScanFlags): Promise<Baseline> {
  if (baseline === undefined) return new Set();
  const read = readBaseline(await readPublicFile(baseline));
  if (read === undefined)
    throw new CommandError(`${baseline} is no baseline: write one with --write-baseline.`);
  return read;
}

/** Of what is staged the allowances are those that are staged: others would not be reviewed with the commit. */
async function allowancesFor(root: Root, flags: ScanFlags, nowMs: number): Promise<readonly Allowance[]> {
  const file = flags.allow ?? ALLOWANCE_FILE;
  const text = flags.allow === undefined ? await defaultAllowances(root, flags) : await readPublicFile(file);
  if (text === undefined) return [];
  const read = await readAllowances(text, nowMs);
  if (read.ok) return read.allowances;
  throw new CommandError(
    [`${file} is not followed:`, ...read.faults.map((fault) => `  ${fault}`)].join('\n'),
  );
}

async function defaultAllowances({ top }: Root, flags: ScanFlags): Promise<string | undefined> {
  if (flags.staged) {
    const { code, stdout } = await runGit(top, ['cat-file', 'blob', `:${ALLOWANCE_FILE}`]);
    return code === 0 ? stdout.toString() : undefined;
  }
  const path = join(top, ALLOWANCE_FILE);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  // Who sent the repository may have sent a link, and faults in YAML are told with the lines that have them.
  if (!stat.isFile()) throw new CommandError(`${ALLOWANCE_FILE} is no regular file, and is not followed.`);
  return readPublicFile(path);
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
