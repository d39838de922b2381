import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, EXIT } from '../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { readPublicFile } from '../private-file.ts';
import { ALLOWANCE_FILE } from './allowance-file.ts';
import { type Allowance, readAllowances } from './allowances.ts';
import { type Baseline, baselineText, readBaseline } from './baseline.ts';
import { jsonReport } from './reports/json-report.ts';
import { sarifReport } from './reports/sarif-report.ts';
import { notesOf, textReport } from './reports/text-report.ts';
import { runScan, type ScanResult } from './run-scan.ts';
import { bundle } from './sources/bundle.ts';
import { runGit } from './sources/git.ts';
import { history } from './sources/history.ts';
import { type Root, rootOf } from './sources/root.ts';
import type { Given } from './sources/source.ts';
import { staged } from './sources/staged.ts';
import { workingTree } from './sources/working-tree.ts';
import { verifyFindings } from './verify-findings.ts';

/** What `countersign scan` is told. */
export interface ScanFlags extends ServiceFlags {
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

/**
 * Scans, prints what was found, and sets the exit code that says so.
 *
 * @throws {@link CommandError} when it cannot be scanned
 */
export async function scanAndReport(context: Context, path: string, flags: ScanFlags): Promise<void> {
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
