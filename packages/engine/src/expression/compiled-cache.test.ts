import { describe, expect, it } from 'vitest';
import { CompiledCache } from './compiled-cache.ts';

describe('the cache of what was compiled', () => {
  it('forgets what was not used for longest, by characters', () => {
    const cache = new CompiledCache<number>();
    const long = (i: number) => String(i).padStart(1_980, '0');
    for (let i = 0; i < 100; i++) cache.set(long(i), undefined, i);
    expect(cache.get(long(0), undefined)).toBe(0);
    cache.set(long(100), undefined, 100);
    expect(cache.get(long(0), undefined)).toBe(0);
    expect(cache.get(long(1), undefined)).toBeUndefined();
    expect(cache.get(long(2), undefined)).toBe(2);
    expect(cache.get(long(100), undefined)).toBe(100);
  });

  it('is bounded for short ones, too', () => {
    const cache = new CompiledCache<number>();
    for (let i = 0; i < 20_000; i++) cache.set(String(i).padStart(5, '0'), undefined, i);
    let kept = 0;
    for (let i = 0; i < 20_000; i++)
      if (cache.get(String(i).padStart(5, '0'), undefined) !== undefined) kept++;
    expect(kept).toBe(8_000);
  });

  it('keeps manifests apart, and nothing of a text that is too long', () => {
    const cache = new CompiledCache<number>();
    const [one, other] = [0, 1].map(() => ({ facts: new Map(), permissions: new Set<string>() }));
    cache.set('a', one, 1);
    expect(cache.get('a', one)).toBe(1);
    expect(cache.get('a', other)).toBeUndefined();
    expect(cache.get('a', undefined)).toBeUndefined();
    cache.set('b'.repeat(2_001), one, 2);
    expect(cache.get('b'.repeat(2_001), one)).toBeUndefined();
  });
});
