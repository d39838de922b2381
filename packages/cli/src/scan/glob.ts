/**
 * Whether a path fits a pattern, in which `*` is anything within one folder and `**` anything over folders. All else
 * is taken as it is. It takes at most as many steps as the product of both lengths.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  const parts = pattern.split(/(\*\*\/|\*\*|\*)/).filter((part) => part !== '');
  // Places in the path that can be reached after each part.
  let reached = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const at of reached) for (const end of endsOf(part, path, at)) next.add(end);
    reached = next;
  }
  return reached.has(path.length);
}

function* endsOf(part: string, path: string, at: number): Iterable<number> {
  if (part !== '*' && part !== '**' && part !== '**/') {
    if (path.startsWith(part, at)) yield at + part.length;
    return;
  }
  for (let end = at; end <= path.length; end++) {
    if (part !== '**/' || end === at || path[end - 1] === '/') yield end;
    if (part === '*' && path[end] === '/') return;
  }
}
