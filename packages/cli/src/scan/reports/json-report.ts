import type { Finding } from '../finding.ts';
import type { ScanResult } from '../run-scan.ts';

/** The result for machines. */
export function jsonReport(result: ScanResult, showsSecrets: boolean): unknown {
  const shown = (finding: Finding) => {
    const { reveal, ...rest } = finding;
    return showsSecrets ? { ...rest, secret: reveal() } : rest;
  };
  const { findings, allowed, known, skipped, unused, contents } = result;
  return {
    version: 1,
    contents,
    findings: findings.map(shown),
    allowed: allowed.map(({ finding, allowance: { reason, expires } }) => ({
      ...shown(finding),
      reason,
      expires,
    })),
    known: known.map(shown),
    skipped,
    unusedAllowances: unused,
  };
}
