/** One key of a file, or what is wrong with its line. */
export interface ImportEntry {
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** The body of an import; absent where there is a fault. */
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  /** Why the line cannot be sent. Holds nothing of the line, in which there is a secret. */
  readonly fault?: string | undefined;
  /** What stands in the file, to be written elsewhere and mended there. Without a line end; absent where it is too long. */
  readonly source?: Buffer | undefined;
  /** The line that must stand before it in a file. */
  readonly head?: Buffer | undefined;
}

/** Longer than any key that the service takes. */
export const MAX_ENTRY_BYTES = 256 * 1024;
