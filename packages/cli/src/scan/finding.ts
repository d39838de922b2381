import type { Level } from './rules/secret-rule.ts';

/** Where something was found, for people and for machines. Lines and columns count from 1, in UTF-16 units. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The source inside a source map, with the line in it. */
  readonly inside?: string;
  /** The commit that the content is from, when history was scanned. */
  readonly commit?: string;
}

/** One secret at one place. */
export interface Finding extends Place {
  readonly rule: string;
  readonly level: Level;
  readonly detail: string;
  /** What may be shown of it. */
  readonly redacted: string;
  /** Tells it from others without holding it. */
  readonly fingerprint: string;
  /** The secret, where it may be asked for: not enumerable in effect, since it is a function. */
  readonly reveal: () => string;
  /** What the service said of the key, where it was asked. */
  readonly standing?: string;
}

/** Something that was not looked into, or not wholly. */
export interface Skipped {
  readonly path: string;
  readonly why: string;
  /** Whether it should have been read, so that the scan is not complete. */
  readonly isFault: boolean;
}
