import type { Skipped } from '../finding.ts';
import type { Content } from '../scan-content.ts';

/** What a source gives, one after another: contents to scan, and what it leaves out with the reason. */
export type Given = { readonly content: Content } | { readonly skipped: Skipped };

/** Larger files are not scanned: they are named instead. */
export const LARGEST_FILE = 33_554_432;

export const tooLarge = (path: string, size: number): Given => ({
  skipped: {
    path,
    why: `is larger (${Math.round(size / 1_048_576)} MiB) than what is scanned (${LARGEST_FILE / 1_048_576} MiB)`,
    isFault: false,
  },
});
