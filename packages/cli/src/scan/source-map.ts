/** A source that a source map holds. */
export interface MapSource {
  readonly name: string;
  readonly content: string;
}

const INLINE = /sourceMappingURL=data:application\/json(?:;charset=[\w-]{1,16})?(;base64)?,/g;
const NO_DATA = /[^A-Za-z0-9+/=_%.~!'()*-]/g;

interface RawMap {
  readonly sources?: unknown;
  readonly sourcesContent?: unknown;
  readonly sections?: unknown;
}

/** Reads the sources of a source map, also of one of sections. `undefined` for a text that is none. */
export function readSourceMap(text: string, path: string): readonly MapSource[] | undefined {
  if (!path.endsWith('.map') && !/^(?:\)\]\}'[^\n]{0,8}\n)?\s{0,64}\{/.test(text)) return undefined;
  const map = parsed(text.replace(/^\)\]\}'[^\n]*\n/, ''));
  if (map === undefined || (!Array.isArray(map.sourcesContent) && !Array.isArray(map.sections)))
    return undefined;
  const sources: MapSource[] = [];
  collect(map, sources, 0);
  return sources;
}

/** The source maps that stand in a text as data URLs, and where. */
export function* inlineMaps(text: string): Iterable<{ readonly json: string; readonly at: number }> {
  for (const match of text.matchAll(INLINE)) {
    const [head, isBase64] = match as unknown as [string, string | undefined];
    // One expression for all of it would need a stack as deep as the data is long.
    NO_DATA.lastIndex = match.index + head.length;
    const data = text.slice(match.index + head.length, NO_DATA.exec(text)?.index ?? text.length);
    const json = isBase64 === undefined ? percentDecoded(data) : Buffer.from(data, 'base64').toString('utf8');
    if (json !== undefined) yield { json, at: match.index };
  }
}

function collect(map: RawMap, into: MapSource[], depth: number): void {
  const names = Array.isArray(map.sources) ? map.sources : [];
  const contents = Array.isArray(map.sourcesContent) ? map.sourcesContent : [];
  contents.forEach((content, i) => {
    if (typeof content === 'string') into.push({ name: String(names[i] ?? `source ${i + 1}`), content });
  });
  if (!Array.isArray(map.sections) || depth > 2) return;
  for (const section of map.sections) {
    const inner = (section as { map?: unknown } | null)?.map;
    if (typeof inner === 'object' && inner !== null) collect(inner as RawMap, into, depth + 1);
  }
}

function parsed(text: string): RawMap | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as RawMap) : undefined;
  } catch {
    return undefined;
  }
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
