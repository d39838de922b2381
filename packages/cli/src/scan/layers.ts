import type { Layer } from './layer.ts';
import { isLayered } from './prefilter.ts';
import { inlineMaps, readSourceMap } from './source-map.ts';
import { unescaped } from './unescaped.ts';

const DEEPEST = 3;

/**
 * Gives a file's text and all texts inside it: the one with its literals put together and their escapes undone, and
 * the sources in source maps, also in maps that are inline. A file that only looks like a map is given as it is.
 */
export function* layersOf(text: string, path: string, depth = 0): Iterable<Layer> {
  if (!isLayered(text)) {
    yield { text };
    return;
  }
  const map = readSourceMap(text, path);
  if (map !== undefined) {
    yield* mapLayers(map, 0, depth);
    return;
  }
  yield { text };
  const plain = unescaped(text);
  if (plain !== undefined) yield plain;
  for (const { json, at } of inlineMaps(text)) {
    const inline = readSourceMap(json, 'inline.map');
    if (inline !== undefined) yield* mapLayers(inline, at, depth);
  }
}

type SourceMap = NonNullable<ReturnType<typeof readSourceMap>>;

function* mapLayers({ rest, sources }: SourceMap, at: number, depth: number): Iterable<Layer> {
  yield { text: rest, at };
  if (depth >= DEEPEST) return;
  for (const { name, content } of sources) {
    for (const layer of layersOf(content, name, depth + 1)) {
      yield { ...layer, at, inside: layer.inside === undefined ? name : `${name} → ${layer.inside}` };
    }
  }
}
