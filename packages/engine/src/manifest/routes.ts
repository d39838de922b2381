import { pathOf, type Rule } from '@countersign/core';
import findMyWay, { type HTTPMethod, type Instance } from 'find-my-way';

/** A route as the manifest declares it: `/orders/:id`, `/market/*`. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly rule: Rule;
}

export interface RouteTable {
  find(method: string, target: string): Rule | undefined;
}

/** Percent-encodings that name a character with a meaning of its own in a path, or one that needs none. */
const CONFUSING = /%(?:2[5ef]|5c|00|[46][1-9a-f]|[57][0-9a]|3[0-9b]|2d|5f|7e)/i;
/** A segment may be as long as the target: the router's own limit would make a long list of names an unknown route. */
const maxParamLength = Number.POSITIVE_INFINITY;
const DOTS_OR_EMPTY = /\/\.{0,2}(?=\/|$)/;

/**
 * Finds rules by method and path.
 *
 * An upstream may read a path less strictly than we do: decode it, fold its case, or drop a slash at its end.
 * So a path that is not plain has no rule at all (dot segments, empty segments, backslashes, needless
 * percent-encodings), and one that only fits a pattern must fit the same rule when read leniently. Otherwise a
 * key that may read `/market/*` could reach `/market/Order`.
 */
export function createRouteTable(routes: readonly Route[]): RouteTable {
  const fixed = new Map<string, Map<string, Rule>>();
  const exact = findMyWay({ caseSensitive: true, maxParamLength });
  const lenient = findMyWay({ caseSensitive: false, ignoreTrailingSlash: true, maxParamLength });
  const shapes = new Set<string>();
  for (const { method, path, rule } of routes) {
    if (!/[:*]/.test(path)) {
      const ofMethod = fixed.get(method) ?? new Map<string, Rule>();
      fixed.set(method, ofMethod.set(path, rule));
    }
    add(exact, method, path, rule);
    // Of routes that a lenient upstream takes for one, the first stands for all: the others need their own path.
    const folded = foldTemplate(path);
    const shape = `${method} ${folded.replaceAll(/(?<!:):(?!:)[A-Za-z0-9_]+/g, ':').toLowerCase()}`;
    if (shapes.has(shape)) continue;
    shapes.add(shape);
    add(lenient, method, folded, rule);
  }
  return {
    find(method, target) {
      // No client sends a fragment (RFC 9112 section 3.2), and the router would drop it: an upstream may not.
      if (target.includes('#')) return undefined;
      const path = pathOf(target);
      const known = fixed.get(method)?.get(path);
      if (known !== undefined) return known;
      if (!isPlain(path)) return undefined;
      const strictly = look(exact, method, path);
      return strictly !== undefined && strictly === look(lenient, method, decoded(path))
        ? strictly
        : undefined;
    },
  };
}

function isPlain(path: string): boolean {
  return (
    !DOTS_OR_EMPTY.test(path.length > 1 ? path.replace(/\/$/, '') : 'x') &&
    !CONFUSING.test(path) &&
    !/[\\;]/.test(path)
  );
}

/** All of a path decoded. The router itself leaves what is reserved encoded: `%40`, `%2C`, `%3D`. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // Not UTF-8: the router finds nothing for it either.
  }
}

/** A template as a lenient upstream reads it: decoded, and without a slash at its end. A literal colon is doubled. */
function foldTemplate(path: string): string {
  const plain = path.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const text = decoded(run);
    return /[*/?#%]/.test(text) ? run : text.replaceAll(':', '::');
  });
  return plain.length > 1 ? plain.replace(/\/$/, '') : plain;
}

function add(router: Instance<never>, method: string, path: string, rule: Rule): void {
  router.on(method as HTTPMethod, path, () => {}, rule);
}

function look(router: Instance<never>, method: string, path: string): Rule | undefined {
  return (router.find(method as HTTPMethod, path)?.store as Rule | undefined) ?? undefined;
}
