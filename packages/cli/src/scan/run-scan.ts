import { type Allowance, allowanceFor } from './allowances.ts';
import { type Baseline, isKnown } from './baseline.ts';
import { createEngine } from './engine.ts';
import type { Finding, Skipped } from './finding.ts';
import { createFingerprints } from './fingerprint.ts';
import { RULES } from './rules/registry.ts';
import { createContentScan } from './scan-content.ts';
import type { Given } from './sources/source.ts';

export interface ScanOptions {
  readonly source: AsyncIterable<Given>;
  readonly allowances: readonly Allowance[];
  readonly baseline: Baseline;
}

export interface ScanResult {
  /** What is neither allowed nor known, in the order of paths and places. */
  readonly findings: readonly Finding[];
  /** What was allowed, with its allowance. */
  readonly allowed: readonly { readonly finding: Finding; readonly allowance: Allowance }[];
  readonly known: readonly Finding[];
  readonly skipped: readonly Skipped[];
  /** Allowances that nothing needed. */
  readonly unused: readonly Allowance[];
  /** How many contents were looked at. */
  readonly contents: number;
}

/** Scans everything that a source gives. */
export async function runScan({ source, allowances, baseline }: ScanOptions): Promise<ScanResult> {
  const scan = createContentScan(await createEngine(RULES), createFingerprints());
  const found: Finding[] = [];
  const skipped: Skipped[] = [];
  let contents = 0;
  for await (const given of source) {
    if ('skipped' in given) {
      skipped.push(given.skipped);
      continue;
    }
    contents++;
    const scanned = await scan(given.content);
    found.push(...scanned.findings);
    skipped.push(...scanned.skipped);
  }
  const findings: Finding[] = [];
  const known: Finding[] = [];
  const allowed: { finding: Finding; allowance: Allowance }[] = [];
  for (const finding of found.sort(byPlace)) {
    const allowance = allowanceFor(finding, allowances);
    if (allowance !== undefined) allowed.push({ finding, allowance });
    else if (isKnown(finding, baseline)) known.push(finding);
    else findings.push(finding);
  }
  const used = new Set(allowed.map(({ allowance }) => allowance));
  return {
    findings,
    allowed,
    known,
    skipped,
    contents,
    unused: allowances.filter((entry) => !used.has(entry)),
  };
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.path, b.path) ||
    a.line - b.line ||
    a.column - b.column ||
    compare(a.inside ?? '', b.inside ?? '')
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
