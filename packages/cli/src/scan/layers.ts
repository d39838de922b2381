import type { Layer } from './layer.ts';
import { isLayered } from './prefilter.ts';
import { inlineMaps, type MapSource, readSourceMap } from './source-map.ts';
import { unescaped } from './unescaped.ts';

const DEEPEST = 3;

/**
 * Gives a file's text and all texts inside it: the one with its literals put together and their escapes undone, and
 * the sources in source maps, also in maps that are inline. Of a map the sources come first, since they say best
 * where something is, and then the whole as it stands, so that nothing of it is left out.
 */
export function* layersOf(text: string, path: string, depth = 0): Iterable<Layer> {
  if (!isLayered(text)) {
    yield { text };
    return;
  }
  const sources = readSourceMap(text, path);
  if (sources !== undefined) yield* sourceLayers(sources, 0, depth);
  const isRest = sources !== undefined;
  yield { text, isRest };
  const plain = unescaped(text);
  if (plain !== undefined) yield { ...plain, isRest };
  for (const { json, at } of inlineMaps(text)) {
    yield* sourceLayers(readSourceMap(json, 'inline.map') ?? [], at, depth);
    yield { text: json, at, isRest: true };
  }
}

function* sourceLayers(sources: readonly MapSource[], at: number, depth: number): Iterable<Layer> {
  if (depth >= DEEPEST) return;
  for (const { name, content } of sources) {
    for (const layer of layersOf(content, name, depth + 1)) {
      yield { ...layer, at, inside: layer.inside === undefined ? name : `${name} → ${layer.inside}` };
    }
  }
}
