import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableText } from '../../../docs/dialect-facts.ts';
import { page, tableRows } from '../../../docs/pages.ts';
import { countersign } from './command.ts';
import { type Corpus, writeCorpus } from './scan/corpus.ts';
import { alarmRows, falseAlarms, missed, recallRows, type ToldFinding } from './scan/measure.ts';
import { createRepository, type Repository } from './scan/repository.ts';

const RECALL_HEAD = [
  'true secrets',
  'code',
  'env, JSON, YAML',
  'minified bundle',
  'source map',
  'split or escaped',
  'without a name',
  'history',
];
const TIMEOUT_MS = 240_000;

let repository: Repository;
let corpus: Corpus;
let findings: ToldFinding[];
let inHistory: ToldFinding[];

const scan = async (args: readonly string[]): Promise<ToldFinding[]> => {
  const all = ['scan', ...args, '--format', 'json', '--dangerously-show-secrets'];
  const { code, stdout, stderr } = await countersign(all, { cwd: repository.folder });
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  return JSON.parse(stdout).findings;
};

beforeAll(async () => {
  repository = createRepository();
  corpus = writeCorpus(repository.folder);
  repository.git('add', '-A');
  repository.git('commit', '-m', 'everything');
  findings = await scan([]);
  repository.git('rm', '-rq', 'planted', 'look-alikes');
  repository.git('commit', '-m', 'nothing is left', '--allow-empty');
  inHistory = await scan(['--history']);
}, TIMEOUT_MS);
afterAll(() => repository.remove());

describe('the labelled corpus', () => {
  it('is found but for what stands without a name', () => {
    const lost = missed(corpus, findings).filter(({ carrier }) => carrier !== 'without a name');
    expect(lost).toEqual([]);
    expect(corpus.planted.length).toBeGreaterThan(2000);
  });

  it('is reported by the rule that is for it', () => {
    const rules = new Map(corpus.planted.map(({ file, rule }) => [file, rule]));
    const others = findings.filter(({ path, rule }) => rules.has(path) && rules.get(path) !== rule);
    expect(others).toEqual([]);
  });

  it('raises no false alarm', () => {
    expect(falseAlarms(corpus, findings)).toEqual([]);
    expect(falseAlarms(corpus, inHistory)).toEqual([]);
  });

  it('is found in the history too, with a commit that holds it', () => {
    const commits = new Set(inHistory.map(({ commit }) => commit));
    expect([...commits]).toEqual([repository.git('rev-parse', 'HEAD~1').trim()]);
  });

  it('gives the numbers of the page', () => {
    const recall = recallRows(corpus, findings, inHistory);
    const alarms = alarmRows(corpus, findings);
    const rows = tableRows(page('docs/scan.md'));
    expect(rows, tableText(RECALL_HEAD, recall)).toEqual(expect.arrayContaining(recall));
    expect(rows, tableText(['look-alikes', 'how many', 'false alarms'], alarms)).toEqual(
      expect.arrayContaining(alarms),
    );
  });

  it('gives the numbers of the README', () => {
    const named = corpus.planted.filter(({ carrier }) => carrier !== 'without a name');
    const found = named.length - missed({ ...corpus, planted: named }, findings).length;
    const count = corpus.lookAlikes.reduce((sum, one) => sum + one.count, 0);
    const alarms = falseAlarms(corpus, findings).length;
    expect(page('README.md')).toContain(
      `${found} of ${named.length} true secrets, and takes ${alarms} of ${count} look-alikes for one`,
    );
  });
});
