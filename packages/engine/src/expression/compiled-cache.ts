import type { ExpressionFacts } from './scope.ts';

/** Characters of source that are remembered for one manifest. What was compiled is a multiple of that in memory. */
const MAX_CHARACTERS = 200_000;
const NO_MANIFEST: ExpressionFacts = { facts: new Map(), permissions: new Set() };

interface Compiled<T> {
  readonly bySource: Map<string, T>;
  characters: number;
}

/** Remembers what was compiled for a manifest, the latest used of it. What a manifest has goes with it. */
export class CompiledCache<T> {
  readonly #byManifest = new WeakMap<ExpressionFacts, Compiled<T>>();

  get(source: string, known: ExpressionFacts | undefined): T | undefined {
    const bySource = this.#byManifest.get(known ?? NO_MANIFEST)?.bySource;
    const value = bySource?.get(source);
    if (value === undefined || bySource === undefined) return undefined;
    bySource.delete(source);
    bySource.set(source, value);
    return value;
  }

  /** A source that is longer than an expression may be is not kept: it was refused, and may be of any length. */
  set(source: string, known: ExpressionFacts | undefined, value: T): void {
    if (source.length > MAX_CHARACTERS / 100) return;
    const manifest = known ?? NO_MANIFEST;
    const compiled = this.#byManifest.get(manifest) ?? { bySource: new Map<string, T>(), characters: 0 };
    this.#byManifest.set(manifest, compiled);
    compiled.bySource.set(source, value);
    compiled.characters += source.length + OVERHEAD;
    for (const oldest of compiled.bySource.keys()) {
      if (compiled.characters <= MAX_CHARACTERS) return;
      compiled.bySource.delete(oldest);
      compiled.characters -= oldest.length + OVERHEAD;
    }
  }
}

/** What an entry counts beside its source, so that many short ones are bounded, too. */
const OVERHEAD = 20;
