import { CARRIERS } from './carriers.ts';
import type { Corpus, Planted } from './corpus.ts';

/** What the command tells of a finding, as far as it is measured. */
export interface ToldFinding {
  readonly rule: string;
  readonly level: string;
  readonly path: string;
  readonly line: number;
  readonly commit?: string;
  readonly secret: string;
}

const bare = (text: string) =>
  text
    .replaceAll(/-----(?:BEGIN|END)[A-Z ]+-----/g, '')
    .replaceAll(/\s/g, '')
    .replace(/^0x/, '');

/** Whether a finding is of what was planted: the same file, and the same secret whatever its spelling. */
function isOf({ path, secret }: ToldFinding, { file, value }: Planted): boolean {
  if (path !== file) return false;
  const decoded = value.startsWith('LS0t') ? Buffer.from(value, 'base64').toString() : value;
  return bare(secret) === bare(decoded) || bare(secret) === bare(value);
}

const ofFile = (findings: readonly ToldFinding[]) => {
  const files = new Map<string, ToldFinding[]>();
  for (const finding of findings) files.set(finding.path, [...(files.get(finding.path) ?? []), finding]);
  return (path: string) => files.get(path) ?? [];
};

/** What was planted and not found. */
export function missed({ planted }: Corpus, findings: readonly ToldFinding[]): Planted[] {
  const inFile = ofFile(findings);
  return planted.filter((one) => !inFile(one.file).some((finding) => isOf(finding, one)));
}

/** Rows of the page's table: kind, then found of planted in each carrier, then in the history. */
export function recallRows(
  corpus: Corpus,
  findings: readonly ToldFinding[],
  inHistory: readonly ToldFinding[],
): string[][] {
  const carriers = [...new Set(CARRIERS.map(({ name }) => name))];
  const kinds = [...new Set(corpus.planted.map(({ kind }) => kind))];
  const lost = new Set(missed(corpus, findings));
  const lostInHistory = new Set(missed(corpus, inHistory));
  const share = (all: readonly Planted[], without: ReadonlySet<Planted>) =>
    all.length === 0 ? '-' : `${all.filter((one) => !without.has(one)).length} of ${all.length}`;
  return kinds.map((kind) => {
    const ofKind = corpus.planted.filter((one) => one.kind === kind);
    return [
      kind,
      ...carriers.map((carrier) =>
        share(
          ofKind.filter((one) => one.carrier === carrier),
          lost,
        ),
      ),
      share(ofKind, lostInHistory),
    ];
  });
}

/** Findings, notes aside, that are of nothing that was planted. */
export function falseAlarms({ planted }: Corpus, findings: readonly ToldFinding[]): ToldFinding[] {
  const byFile = new Map(planted.map((one) => [one.file, one]));
  return findings.filter((finding) => {
    const one = byFile.get(finding.path);
    return finding.level !== 'note' && (one === undefined || !isOf(finding, one));
  });
}

/** Rows of the page's other table: a kind of look-alikes, how many there are, and how many were taken for secrets. */
export function alarmRows(corpus: Corpus, findings: readonly ToldFinding[]): string[][] {
  const alarms = falseAlarms(corpus, findings);
  const kinds = [...new Set(corpus.lookAlikes.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const all = corpus.lookAlikes.filter((one) => one.kind === kind);
    const files = new Set(all.map(({ file }) => file));
    const count = all.reduce((sum, one) => sum + one.count, 0);
    return [kind, String(count), String(alarms.filter(({ path }) => files.has(path)).length)];
  });
}
