import type { Finding, Skipped } from '../finding.ts';
import { RULES } from '../rules/registry.ts';
import type { ScanResult } from '../run-scan.ts';

const ROOT = 'SCANROOT';

/**
 * The result as SARIF 2.1.0 (OASIS). What is allowed is there too, as suppressed with its reason; what was not
 * scanned is a notification. It never holds a secret.
 */
export function sarifReport({ findings, allowed, known, skipped }: ScanResult, version: string): unknown {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'countersign scan',
            version,
            rules: RULES.map(({ id, level, description }) => ({
              id,
              shortDescription: { text: description },
              defaultConfiguration: { level },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [ROOT]: { description: { text: 'The folder that was scanned.' } } },
        invocations: [
          {
            executionSuccessful: !skipped.some(({ isFault }) => isFault),
            toolExecutionNotifications: skipped.map(notification),
          },
        ],
        results: [
          ...findings.map((finding) => resultOf(finding)),
          ...allowed.map(({ finding, allowance }) => ({
            ...resultOf(finding),
            suppressions: [{ kind: 'external', status: 'accepted', justification: allowance.reason }],
          })),
          ...known.map((finding) => ({ ...resultOf(finding), baselineState: 'unchanged' })),
        ],
      },
    ],
  };
}

function resultOf(finding: Finding) {
  const { rule, level, detail, redacted, fingerprint, path, commit, inside, standing } = finding;
  const { line: startLine, column: startColumn, endLine, endColumn } = finding;
  const words = [detail, `(${redacted})`];
  if (inside !== undefined) words.push(`in ${inside}`);
  if (commit !== undefined) words.push(`in commit ${commit}`);
  if (standing !== undefined) words.push(`– ${standing}`);
  return {
    ruleId: rule,
    ruleIndex: RULES.findIndex(({ id }) => id === rule),
    level,
    message: { text: words.join(' ') },
    locations: [
      {
        physicalLocation: {
          artifactLocation: locationOf(path),
          region: { startLine, startColumn, endLine, endColumn },
        },
      },
    ],
    partialFingerprints: { 'countersignSecret/v1': fingerprint },
  };
}

function notification({ path, why, isFault }: Skipped) {
  return {
    level: isFault ? 'error' : 'note',
    message: { text: `Not scanned: ${path} ${why}` },
    locations: [{ physicalLocation: { artifactLocation: locationOf(path) } }],
  };
}

/** A path is a URI reference only when each of its parts is encoded. */
function locationOf(path: string) {
  const parts = path.split(/[/\\]/).map((part) => encodeURIComponent(part));
  return path.startsWith('/')
    ? { uri: `file://${parts.join('/')}` }
    : { uri: parts.join('/'), uriBaseId: ROOT };
}
