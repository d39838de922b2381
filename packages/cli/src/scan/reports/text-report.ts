import { plain, type Terminal } from '../../terminal.ts';
import type { Finding, Skipped } from '../finding.ts';
import type { ScanResult } from '../run-scan.ts';

/** So many contents that were left out are named one by one, if there is nothing wrong with them. */
const NAMED_SKIPPED = 20;

/** The findings for people: a place, what it is, what may be shown of it, and its fingerprint. */
export function textReport({ colors }: Terminal, { findings }: ScanResult, showsSecrets: boolean): string {
  const paint = { error: colors.red, warning: colors.yellow, note: colors.dim };
  return findings
    .map((finding) => {
      const { rule, level, detail, redacted, fingerprint, standing } = finding;
      return [
        `${plain(placeOf(finding))}: ${paint[level](level)} ${rule}: ${plain(detail)}`,
        `    ${plain(showsSecrets ? finding.reveal() : redacted)}  ${fingerprint}`,
        ...(standing === undefined ? [] : [`    ${plain(standing)}`]),
      ].join('\n');
    })
    .join('\n');
}

/** What is said beside the findings: all that was not looked into, and the sum. */
export function notesOf(result: ScanResult): string[] {
  const { skipped, unused, allowed, known, findings, contents } = result;
  const faults = skipped.filter(({ isFault }) => isFault);
  const others = skipped.filter(({ isFault }) => !isFault);
  const count = { error: 0, warning: 0, note: 0 };
  for (const { level } of findings) count[level]++;
  return [
    ...[...faults, ...others.slice(0, NAMED_SKIPPED)].map(lineOf),
    ...(others.length > NAMED_SKIPPED
      ? [`Not scanned: ${others.length - NAMED_SKIPPED} more (--format json names all)`]
      : []),
    ...unused.map(({ rule, path }) => plain(`Allowed, but not found: ${rule} in ${path}`)),
    `${contents} files: ${count.error} errors, ${count.warning} warnings, ${count.note} notes; ` +
      `${allowed.length} allowed, ${known.length} known.`,
  ];
}

function lineOf({ path, why }: Skipped): string {
  return plain(`Not scanned: ${path} ${why}`);
}

function placeOf({ path, line, column, inside, commit }: Finding): string {
  const where = `${path}:${line}:${column}`;
  const at = commit === undefined ? where : `${commit.slice(0, 12)}:${where}`;
  return inside === undefined ? at : `${at} (in ${inside})`;
}
