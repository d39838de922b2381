/** A text to be scanned, and how its places are told. */
export interface Layer {
  readonly text: string;
  /** The source inside a source map that it is; absent for the file's own text. */
  readonly inside?: string;
  /** Where a place is in the text that this one was made from; absent where they are the same. */
  readonly origin?: (offset: number) => number;
  /** Whether others of the same file say better where something is: what they found is not told again. */
  readonly isRest?: boolean;
  /** The place in the file, for a text that stands within one line of it. */
  readonly at?: number;
}
