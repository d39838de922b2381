import { type Gap, worse } from './evaluation.ts';
import type { Run } from './term.ts';

/** True when one is, whatever the others are. Without one, a gap makes a gap. */
export function any(runs: readonly Run<boolean>[]): Run<boolean> {
  return (on) => {
    let gap: Gap | undefined;
    for (const run of runs) {
      const value = run(on);
      if (value === true) return true;
      if (value !== false) gap = worse(gap, value);
    }
    return gap ?? false;
  };
}

/** False when one is, whatever the others are. Without one, a gap makes a gap. */
export function every(runs: readonly Run<boolean>[]): Run<boolean> {
  return (on) => {
    let gap: Gap | undefined;
    for (const run of runs) {
      const value = run(on);
      if (value === false) return false;
      if (value !== true) gap = worse(gap, value);
    }
    return gap ?? true;
  };
}
