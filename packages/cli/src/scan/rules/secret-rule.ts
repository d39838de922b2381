/** How much a finding weighs. A `note` says that something public was found: it never fails a scan. */
export type Level = 'error' | 'warning' | 'note';

/** A place in a text where a rule found something. */
export interface Hit {
  /** Where the secret begins and ends, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** What is told of it: never a part of the secret. */
  readonly detail: string;
  /** The rule's own level, where it is not given. */
  readonly level?: Level;
  /** The secret itself, where it is not just what stands between start and end (a key over several lines). */
  readonly secret?: string;
  /** Whether somebody could guess it from a fast hash: a passphrase that a person thought of. */
  readonly isGuessable?: boolean;
  /** Whether it is no secret at all, so that it can be shown: a name, or an id. */
  readonly isPublic?: boolean;
}

/** What a rule is given. */
export interface ScannedText {
  readonly text: string;
  /** Path as it is reported, with `/`. Rules read exchanges' names and the kind of file from it. */
  readonly path: string;
}

/**
 * One rule of the scanner. All of its patterns are linear: every repetition is bounded, and nothing is looked for
 * twice from the same place.
 */
export interface SecretRule {
  readonly id: string;
  readonly level: Level;
  readonly description: string;
  find(scanned: ScannedText): Iterable<Hit>;
}
