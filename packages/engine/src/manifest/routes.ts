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
const CONFUSING = /%(?:2[5ef]|5c|00|[46][1-9a-f]|[57][0-9a]|3[0-9]|2d|5f|7e)/i;
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
  const fixed = new Map<string, Rule>();
  const exact = findMyWay({ caseSensitive: true });
  const lenient = findMyWay({ caseSensitive: false, ignoreTrailingSlash: true });
  for (const { method, path, rule } of routes) {
    if (!/[:*]/.test(path)) fixed.set(`${method} ${path}`, rule);
    add(exact, method, path, rule);
    if (lenient.findRoute(method as HTTPMethod, path) === null) add(lenient, method, path, rule);
  }
  return {
    find(method, target) {
      const path = pathOf(target);
      const known = fixed.get(`${method} ${path}`);
      if (known !== undefined) return known;
      if (!isPlain(path)) return undefined;
      const strictly = look(exact, method, path);
      return strictly !== undefined && strictly === look(lenient, method, path) ? strictly : undefined;
    },
  };
}

function isPlain(path: string): boolean {
  return !DOTS_OR_EMPTY.test(path.length > 1 ? path.replace(/\/$/, '') : 'x') && !CONFUSING.test(path) && !/[\\;]/.test(path);
}

function add(router: Instance<never>, method: string, path: string, rule: Rule): void {
  router.on(method as HTTPMethod, path, () => {}, rule);
}

function look(router: Instance<never>, method: string, path: string): Rule | undefined {
  return (router.find(method as HTTPMethod, path)?.store as Rule | undefined) ?? undefined;
}
