/** Names of fields and indices of lists, from the root of a manifest. */
export type Path = readonly (string | number)[];

/** Takes values of a manifest for what they should be, and notes where they are not. */
export interface ManifestFields {
  fault(path: Path, message: string): void;
  /** @param known the names that it may have; absent: any */
  mapping(value: unknown, path: Path, known?: readonly string[]): Record<string, unknown>;
  list(value: unknown, path: Path): unknown[];
}
