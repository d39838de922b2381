import { gitOutput } from './git.ts';

/** The kinds and sizes of objects, by name. Those that are missing are left out. */
export async function sizesOf(
  cwd: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, { readonly kind: string; readonly size: number }>> {
  if (names.length === 0) return new Map();
  const answer = await gitOutput(
    cwd,
    ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'],
    names.map((name) => `${name}\n`).join(''),
  );
  const sizes = new Map<string, { kind: string; size: number }>();
  for (const line of answer.toString().split('\n')) {
    const [name, kind, size] = line.split(' ');
    if (name !== undefined && kind !== undefined && size !== undefined)
      sizes.set(name, { kind, size: Number(size) });
  }
  return sizes;
}
