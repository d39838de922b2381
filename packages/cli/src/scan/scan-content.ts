import { asciiOf, contentOf } from './content.ts';
import type { Engine, RuleHit } from './engine.ts';
import type { Finding, Skipped } from './finding.ts';
import type { createFingerprints } from './fingerprint.ts';
import type { Layer } from './layer.ts';
import { layersOf } from './layers.ts';
import { createLines } from './lines.ts';
import { isLayered, isTelling } from './prefilter.ts';
import { redacted } from './redact.ts';
import { CERTAIN_RULES } from './rules/registry.ts';

/** A file's content, from wherever it is. */
export interface Content {
  readonly path: string;
  readonly bytes: Buffer;
  readonly commit?: string;
}

export interface Scanned {
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
}

const NOTHING: Scanned = { findings: [], skipped: [] };

/**
 * Scans one content. Most files are left after a look for telling words in their bytes; only in the others are texts
 * decoded, taken apart and given to the engine.
 */
export function createContentScan(
  engine: Engine,
  fingerprintOf: ReturnType<typeof createFingerprints>,
): (content: Content) => Promise<Scanned> {
  return async (content) => {
    const ascii = asciiOf(content.bytes);
    if (!isTelling(ascii) && !isLayered(ascii)) return NOTHING;
    const { text, isBinary } = contentOf(content.bytes);
    const found = new Map<string, Finding>();
    const told = new Set<string>();
    const skipped: Skipped[] = [];
    const lines = createLines(text);
    for (const layer of isBinary ? [{ text }] : layersOf(text, content.path)) {
      if (!isTelling(layer.text)) continue;
      const { hits, isCut } = await engine(layer.text, pathFor(content.path, layer));
      if (isCut) {
        skipped.push({
          path: content.path,
          why: 'has more findings than are listed for one file',
          isFault: true,
        });
      }
      const certain = isBinary ? hits.filter(({ rule }) => CERTAIN_RULES.includes(rule)) : hits;
      const layerLines = layer.inside === undefined ? lines : createLines(layer.text);
      for (const hit of withoutOverlaps(certain)) {
        const finding = await findingOf(hit, layer, content, layerLines, lines);
        if (layer.isRest && told.has(finding.fingerprint)) continue;
        told.add(finding.fingerprint);
        const name = `${finding.fingerprint} ${finding.inside ?? ''} ${finding.line}`;
        // The file's own text comes first: what stands there as it is needs no second finding of its layers.
        if (!found.has(name)) found.set(name, finding);
      }
    }
    return { findings: [...found.values()], skipped };
  };

  async function findingOf(
    hit: RuleHit,
    layer: Layer,
    content: Content,
    layerLines: ReturnType<typeof createLines>,
    lines: ReturnType<typeof createLines>,
  ): Promise<Finding> {
    const { rule, start, end, detail, level = rule.level, isGuessable = false, isPublic = false } = hit;
    const shown = layer.text.slice(start, end);
    const secret = hit.secret ?? shown;
    const [from, to] = placeOf(layer, start, end);
    const first = lines(from);
    const last = lines(Math.max(from, to));
    const inside =
      layer.inside === undefined
        ? {}
        : { inside: `${layer.inside}:${layerLines(layer.origin?.(start) ?? start).line}` };
    return {
      rule: rule.id,
      level,
      detail,
      path: content.path,
      line: first.line,
      column: first.column,
      endLine: last.line,
      endColumn: last.column,
      ...inside,
      ...(content.commit === undefined ? {} : { commit: content.commit }),
      redacted: isPublic ? shown : redacted(secret),
      fingerprint: await fingerprintOf(rule.id, secret, isGuessable),
      reveal: () => secret,
    };
  }
}

/** Rules read the kind of a file from its path: in a source map it is that of the source. */
function pathFor(path: string, { inside }: Layer): string {
  return inside === undefined ? path : (inside.split(' → ').at(-1) as string);
}

function placeOf({ at, origin }: Layer, start: number, end: number): [number, number] {
  if (at !== undefined) return [at, at];
  return origin === undefined ? [start, end] : [origin(start), origin(end)];
}

/** Of hits on the same text the one of the first rule is kept. */
function withoutOverlaps(hits: readonly RuleHit[]): RuleHit[] {
  const kept: RuleHit[] = [];
  for (const hit of [...hits].sort((a, b) => a.order - b.order || a.start - b.start)) {
    if (!kept.some(({ start, end }) => hit.start < end && start < hit.end)) kept.push(hit);
  }
  return kept.sort((a, b) => a.start - b.start);
}
