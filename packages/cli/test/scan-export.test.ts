import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { countersign } from './command.ts';
import { drawnFrom } from './scan/drawn.ts';
import { drawLookAlikes } from './scan/look-alikes.ts';
import { drawSecrets } from './scan/true-secrets.ts';

/** Reads the rules as gitleaks does (TOML, then one expression each), and tells which match which lines. */
const GITLEAKS_IN_PYTHON = `
import json, re, sys, tomllib
given = json.load(sys.stdin)
rules = tomllib.loads(given["toml"])["rules"]
allowed = [re.compile(p) for a in tomllib.loads(given["toml"])["allowlists"] for p in a["regexes"]]
found = []
for line in given["lines"]:
    names = []
    for rule in rules:
        if not any(word in line.lower() for word in rule["keywords"]): continue
        match = re.search(rule["regex"], line)
        if match is None or any(a.search(match.group(0)) for a in allowed): continue
        names.append([rule["id"], match.group(rule.get("secretGroup", 0))])
    found.append(names)
json.dump(found, sys.stdout)
`;

const drawn = drawnFrom('exported');
const secrets = drawSecrets(drawn).filter(({ rule }) => rule !== 'exchange-passphrase');
/** One line each, as an env file has it: other scanners know neither layers nor what is near. */
const lines = secrets.map(
  ({ variable, value }) => `${variable}=${value.includes('\n') ? JSON.stringify(value) : value}`,
);

let toml: string;
let patterns: string;

beforeAll(async () => {
  toml = (await countersign(['scan', 'rules', '--format', 'gitleaks'])).stdout;
  patterns = (await countersign(['scan', 'rules', '--format', 'git-secrets'])).stdout;
});

function gitleaks(texts: readonly string[]): [string, string][][] {
  const input = JSON.stringify({ toml, lines: texts });
  const { stdout, stderr, status } = spawnSync('python3', ['-c', GITLEAKS_IN_PYTHON], {
    input,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

function grep(text: string): boolean {
  const args = patterns
    .trimEnd()
    .split('\n')
    .flatMap((pattern) => ['-e', pattern]);
  const { status, stderr } = spawnSync('grep', ['-qE', ...args], {
    input: text,
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: process.env.PATH },
  });
  expect(stderr).toBe('');
  expect([0, 1]).toContain(status);
  return status === 0;
}

describe('the rules for gitleaks', () => {
  it('are expressions of RE2: nothing looks around or refers back', () => {
    const regexes = [...toml.matchAll(/^regex = '''(.*)'''$/gm)].map(([, regex]) => regex as string);
    expect(regexes.length).toBeGreaterThan(4);
    for (const regex of regexes) {
      expect(regex).not.toMatch(/\(\?[=!<]|\\[1-9]|\\k/);
      for (const [, most] of regex.matchAll(/\{\d+,?(\d*)\}/g))
        expect(Number(most)).toBeLessThanOrEqual(1000);
    }
  });

  it('find what stands in one line', () => {
    const found = gitleaks(lines);
    const missed = secrets.filter((_, i) => found[i]?.length === 0);
    expect(missed.map(({ variable }) => variable)).toEqual([]);
    // The group is the secret, and not the name before it.
    const groups = found.flat().filter(([rule]) => rule === 'exchange-secret');
    const values = new Set(secrets.map(({ value }) => value));
    expect(groups.length).toBeGreaterThan(8);
    for (const [, value] of groups) expect([...values].some((one) => one.startsWith(value))).toBe(true);
  });

  it('let placeholders pass that say so', () => {
    const text = drawLookAlikes(drawn, 0).find(({ file }) => file.endsWith('.env.example'))?.text ?? '';
    const found = gitleaks(
      text
        .trimEnd()
        .split('\n')
        .filter((line) => /your|example|xxxx|change/i.test(line)),
    );
    expect(found.length).toBeGreaterThan(3);
    expect(found.flat()).toEqual([]);
  });
});

describe('the rules for git-secrets', () => {
  it('find what stands in one line, as extended regular expressions', () => {
    const missed = secrets.filter((_, i) => !grep(lines[i] as string));
    expect(missed.map(({ variable }) => variable)).toEqual([]);
  });

  it.each(['const a = 1;', 'PORT=8080', 'secret: none', '-----BEGIN PUBLIC KEY-----'])(
    'let pass: %s',
    (text) => {
      expect(grep(text)).toBe(false);
    },
  );

  it('are one a line, and none is empty', () => {
    for (const pattern of patterns.trimEnd().split('\n')) expect(pattern).not.toBe('');
  });
});
