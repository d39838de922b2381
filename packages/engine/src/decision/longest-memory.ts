import type { Claim, Credential, CredentialKind, Dialect } from '@countersign/core';

/** Ms since 1970 until which a claim must be remembered because it may be good in another dialect; 0: in none. */
export type LongestMemory = (
  claim: Claim,
  dialect: Dialect,
  credential: Pick<Credential, 'profile'>,
) => number;

/**
 * Finds how long the signatures of a key must be remembered that speaks more than one dialect.
 *
 * Dialects may sign alike, and differ in the names of their headers and in their windows: what was signed for `kucoin`
 * is good in `bitget`, where it lasts longer. So that it is used once by all of them together, each remembers it to the
 * end of the longest window. Which texts are alike is not looked at: dialects count as alike that sign with the same
 * scheme and encoding, write the time in the same unit, and leave the same parts open.
 */
export function longestMemory(dialects: readonly Dialect[]): LongestMemory {
  const groups = new Map<string, number>();
  const each = dialects.flatMap((dialect) =>
    (Object.keys(dialect.schemes) as CredentialKind[]).map((kind) => ({
      dialect,
      kind,
      group: groupOf(dialect, kind),
    })),
  );
  for (const { dialect, group } of each) {
    groups.set(group, Math.max(groups.get(group) ?? 0, dialect.window?.pastMs ?? 0));
  }
  const pastMs = new Map<Dialect, Partial<Record<CredentialKind, number>>>();
  for (const { dialect, kind, group } of each) {
    pastMs.set(dialect, { ...pastMs.get(dialect), [kind]: groups.get(group) });
  }
  return ({ timestampMs }, dialect, { profile: { dialects: spoken, kind } }) =>
    timestampMs === undefined || spoken?.length === 1
      ? 0
      : Math.ceil(timestampMs + (pastMs.get(dialect)?.[kind] ?? 0));
}

function groupOf({ schemes, timestampUnit, replay, uncovered }: Dialect, kind: CredentialKind): string {
  const { scheme, encoding, key = 'utf8' } = schemes[kind] ?? {};
  return [kind, scheme, encoding, key, timestampUnit, replay.kind, ...uncovered].join(' ');
}
