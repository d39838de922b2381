import { afterEach, beforeEach, expect } from 'vitest';
import { countersign } from '../command.ts';
import { type Drawn, drawnFrom, sealed } from './drawn.ts';
import { createRepository, type Repository } from './repository.ts';

/** What `scan --format json` tells, as far as the tests look at it. */
export interface Told {
  readonly findings: readonly {
    readonly rule: string;
    readonly path: string;
    readonly line: number;
    readonly column: number;
    readonly inside?: string;
    readonly commit?: string;
    readonly fingerprint: string;
    readonly level: string;
  }[];
  readonly allowed: readonly { readonly reason: string }[];
  readonly known: readonly unknown[];
  readonly skipped: readonly { readonly path: string; readonly why: string; readonly isFault: boolean }[];
}

export interface Scanning {
  /** The repository of the test that runs now. */
  readonly repository: Repository;
  readonly drawn: Drawn;
  /** A secret of Countersign, another one each time. */
  secret(): string;
  scan(...args: readonly string[]): ReturnType<typeof countersign>;
  /** Scans, expects an exit code, and gives what was told as JSON. */
  told(code: number, ...args: readonly string[]): Promise<Told>;
}

/** Gives each test of a file a repository of its own, and the command in it. What is drawn depends on the seed alone. */
export function scanning(seed: string): Scanning {
  let current: Repository;
  beforeEach(() => {
    current = createRepository();
  });
  afterEach(() => current.remove());
  const repository: Repository = {
    get folder() {
      return current.folder;
    },
    git: (...args) => current.git(...args),
    write: (path, content) => current.write(path, content),
    commit: (message) => current.commit(message),
    remove: () => current.remove(),
  };
  const drawn = drawnFrom(seed);
  const scan = (...args: readonly string[]) => countersign(['scan', ...args], { cwd: current.folder });
  return {
    repository,
    drawn,
    secret: () => sealed(`cs_live_${drawn.text(43)}`),
    scan,
    async told(code, ...args) {
      const ended = await scan(...args, '--format', 'json');
      expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: '' });
      return JSON.parse(ended.stdout);
    },
  };
}

const DAY_MS = 86_400_000;

/** A day from today on, as `expires` has it. */
export const dayIn = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

/** An entry of `.countersign-allow.yaml`: any secret of ours in `a.env`, but for what is changed. */
export function allowance(change: Readonly<Record<string, string>> = {}): string {
  const entry = {
    rule: 'countersign-secret',
    path: 'a.env',
    fingerprint: 'any',
    reason: 'made for a test',
    expires: dayIn(30),
    ...change,
  };
  return `- ${Object.entries(entry)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n  ')}\n`;
}
