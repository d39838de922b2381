import type { Finding } from './finding.ts';
import { matchesGlob } from './glob.ts';
import { RULES } from './rules/registry.ts';

/** An allowance is looked at again within this many days. */
const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;
const ENTRY_NAMES = ['rule', 'path', 'fingerprint', 'reason', 'expires'] as const;
const ANY = 'any';

/** One finding that was looked at and may stay, for now. */
export interface Allowance {
  readonly rule: string;
  /** A path, or one with `*` (within a folder) and `**` (over folders). */
  readonly path: string;
  /** The finding's, or `any` for every finding of the rule in these files. */
  readonly fingerprint: string;
  readonly reason: string;
  /** A day: the last one on which it holds. */
  readonly expires: string;
}

export type ReadAllowances =
  | { readonly ok: true; readonly allowances: readonly Allowance[] }
  | { readonly ok: false; readonly faults: readonly string[] };

/**
 * Reads the file of allowances: a list of entries with exactly these five names. An entry without a reason, for an
 * unknown rule, that has expired, or that holds for more than a year is a fault: all faults are told at once.
 */
export async function readAllowances(text: string, nowMs: number): Promise<ReadAllowances> {
  const { parseDocument } = await import('yaml');
  // Days stay texts: the core schema knows no dates. Aliases are not resolved without end.
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true });
  if (document.errors.length > 0) return { ok: false, faults: document.errors.map(({ message }) => message) };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    return { ok: false, faults: ['aliases are not allowed'] };
  }
  if (value === null) return { ok: true, allowances: [] };
  if (!Array.isArray(value)) return { ok: false, faults: ['must be a list of entries'] };
  const faults = value.flatMap((entry, i) =>
    faultsOf(entry, nowMs).map((fault) => `entry ${i + 1}: ${fault}`),
  );
  return faults.length > 0 ? { ok: false, faults } : { ok: true, allowances: value as Allowance[] };
}

/** Finds the allowance for a finding. */
export function allowanceFor(finding: Finding, allowances: readonly Allowance[]): Allowance | undefined {
  return allowances.find(
    ({ rule, path, fingerprint }) =>
      rule === finding.rule &&
      (fingerprint === ANY || fingerprint === finding.fingerprint) &&
      matchesGlob(finding.path, path),
  );
}

function faultsOf(entry: unknown, nowMs: number): string[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return ['must be a mapping'];
  const faults: string[] = [];
  const values = entry as Record<string, unknown>;
  for (const name of ENTRY_NAMES) {
    const value = values[name];
    if (typeof value !== 'string' || value.trim() === '') faults.push(`"${name}" must be given as text`);
  }
  for (const name of Object.keys(values)) {
    if (!ENTRY_NAMES.some((known) => known === name)) faults.push(`there is no "${name}"`);
  }
  if (faults.length > 0) return faults;
  const { rule, fingerprint, expires } = values as unknown as Allowance;
  if (!RULES.some(({ id }) => id === rule)) faults.push(`there is no rule "${rule}"`);
  if (fingerprint !== ANY && !/^[fs]1-[0-9a-f]{32}$/.test(fingerprint)) {
    faults.push('"fingerprint" must be one that a scan told, or any');
  }
  return [...faults, ...expiryFaults(expires, nowMs)];
}

function expiryFaults(expires: string, nowMs: number): string[] {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(expires) ? Date.parse(`${expires}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== expires) {
    return ['"expires" must be a day, like 2027-02-01'];
  }
  if (nowMs >= day + DAY_MS) return [`it expired on ${expires}: mend what it allows, or decide anew`];
  if (day > nowMs + LONGEST_DAYS * DAY_MS) return [`"expires" must be within ${LONGEST_DAYS} days`];
  return [];
}
