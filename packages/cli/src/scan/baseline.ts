import type { Finding } from './finding.ts';

/** Findings that are known already, by their fingerprints: such a file holds no secret. */
export type Baseline = ReadonlySet<string>;

/** Reads a baseline; `undefined` for what is none. */
export function readBaseline(text: string): Baseline | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { version, findings } = (value ?? {}) as { version?: unknown; findings?: unknown };
  if (version !== 1 || !Array.isArray(findings)) return undefined;
  const names = findings.map((entry) => nameOf(entry));
  return names.includes(undefined) ? undefined : new Set(names as string[]);
}

/** Whether a finding is in a baseline: the same secret under the same rule in the same file. */
export function isKnown({ rule, path, fingerprint }: Finding, baseline: Baseline): boolean {
  return baseline.has(`${rule} ${fingerprint} ${path}`);
}

/** Writes a baseline of these findings, sorted, so that two of them can be compared. */
export function baselineText(findings: readonly Finding[]): string {
  const lines = new Set(
    findings.map(({ rule, path, fingerprint }) => JSON.stringify({ rule, path, fingerprint })),
  );
  return `{ "version": 1, "findings": [\n${[...lines].sort().join(',\n')}\n] }\n`;
}

function nameOf(entry: unknown): string | undefined {
  const { rule, path, fingerprint } = (entry ?? {}) as Record<string, unknown>;
  if (typeof rule !== 'string' || typeof path !== 'string' || typeof fingerprint !== 'string')
    return undefined;
  return `${rule} ${fingerprint} ${path}`;
}
